"""Operations of layer `driver`: packages that move together, modules for every kernel, the persistence daemon."""

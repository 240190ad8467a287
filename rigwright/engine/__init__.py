"""The engine: everything that touches pyinfra's internals, so that nothing else has to."""

"""Asking the world what a declaration names, once, so that it is the same ever after: models by hash."""

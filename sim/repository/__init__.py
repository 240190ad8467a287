"""Vendors' package repositories that do not exist: signed apt archives of stand-in packages, for throw-away hosts."""

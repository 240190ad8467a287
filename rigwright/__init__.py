"""Declare a GPU server once; rebuild it, prove it and keep it safe from that one declaration."""

__version__ = "0.1.0"

"""The declaration: its types and its merge, every value with its origin."""

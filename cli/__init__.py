"""The `rig` command: one module a command; each parses, calls the library and shows."""

"""On the host: backups by restic of what a reinstall would lose, and back again. Python's standard library alone."""

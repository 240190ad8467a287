"""Where the host keeps the ways back of changes that are not proven yet."""

from __future__ import annotations

FOLDER = "/var/lib/rigwright/undo"
"""A script for each unproven change, and what it restores."""


def undo_script(name: str) -> str:
    """Path of the script that takes the change back; it is there as long as the change is not proven."""
    return f"{FOLDER}/{name}.sh"

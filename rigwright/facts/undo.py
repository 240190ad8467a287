"""Where the host keeps the ways back of changes that are not proven yet."""

from __future__ import annotations

FOLDER = "/var/lib/rigwright/undo"
"""A script for each unproven change, and a folder of the same name with what it restores."""


def kept(name: str) -> str:
    """The folder with what was there before the change."""
    return f"{FOLDER}/{name}"


def undo_script(name: str) -> str:
    """Path of the script that takes the change back; it is there as long as the change is not proven."""
    return f"{FOLDER}/{name}.sh"


def undoing_script(name: str) -> str:
    """What the script is called while it runs; after a power cut in the middle of it, the boot finds it under this."""
    return f"{FOLDER}/{name}.undoing.sh"

"""Where the program keeps what is its own."""

from __future__ import annotations

from pathlib import Path

STATE = Path("/var/lib/rigwright-backup")
STAGE = STATE / "stage"
"""Copies of databases, by their own paths under it, and the manifest; part of every snapshot."""
MANIFEST = "manifest.json"
FETCHED = "fetched."
"""What the name of a folder there begins with, that a restore fetches a snapshot into: each its own, for what another
one that was killed has left running may still write into that one's."""
CACHE = Path("/var/cache/rigwright-backup")
PROGRESS = Path("/run/rigwright-backup/progress")
"""One line: what is being done; there while the service runs."""
LOCK = STATE / "lock"
ASIDE = ".before-restore"
"""What something is called that a restore took out of the way."""
COMING = ".rigwright-restore."
"""What something is called before it is put in its place, in the same folder."""

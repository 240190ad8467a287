"""What a layer has that is worth keeping: how it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Keepsake:
    """State of one thing that a reinstall would lose.

    ``paths``: files and folders, absolute, with ``*`` in the last part at most; what is not there is left out.
    ``exclude``: paths in them that can be had again, and stay where they are when the rest is put back. ``stopped``:
    units that must not run while it is put back; ``reloaded``: those that read it anew afterwards. SQLite databases
    need not be named: what is one is found, and copied as SQLite itself does it.
    """

    name: str
    paths: Sequence[str]
    exclude: Sequence[str] = ()
    stopped: Sequence[str] = ()
    reloaded: Sequence[str] = ()


@dataclass(frozen=True)
class Lasting:
    """The same of a kind of runtime: ``paths`` and ``exclude`` are relative to the runtime's own folder of data."""

    paths: Sequence[str]
    exclude: Sequence[str] = ()

"""The files that stand-in packages hold, with their blanks filled in."""

from __future__ import annotations

from pathlib import Path

from sim.cache import sources_text

FOLDER = Path(__file__).resolve().parent / "content"


def text(file: str, /, **values: str) -> str:
    """The file below FOLDER, with every `@NAME@` replaced by the value called `name`."""
    filled = (FOLDER / file).read_text()
    for key, value in values.items():
        filled = filled.replace(f"@{key.upper()}@", value)
    return filled


def own_sources() -> str:
    """The text of all that stand-in packages are made from: when it changes they are built anew."""
    return sources_text(FOLDER.parent, "*.py", "content/**/*")

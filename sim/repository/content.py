"""The files that stand-in packages hold, with their blanks filled in."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "content"


def text(name: str, **values: str) -> str:
    """The file `name` below FOLDER, with every `@NAME@` replaced by the value called `name`."""
    filled = (FOLDER / name).read_text()
    for key, value in values.items():
        filled = filled.replace(f"@{key.upper()}@", value)
    return filled

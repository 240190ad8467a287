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


def unit_scripts(*units: str, first: str = ":") -> dict[str, str]:
    """Maintainer scripts of a package with these systemd units; `first` is a shell command that goes before them."""
    names = ("postinst", "prerm", "postrm")
    return {name: text(f"units/{name}", units=" ".join(units), first=first) for name in names}


def sources(*patterns: str) -> str:
    """The text of this folder's files that packages are made from: when it changes they are built anew."""
    return sources_text(FOLDER.parent, "content.py", "package.py", *patterns)

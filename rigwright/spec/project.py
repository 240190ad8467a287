"""The project's folder: where the inventory, the profiles and the group data are."""

from __future__ import annotations

from pathlib import Path

MARKS = ("deploy.py", "inventory")


class NoProjectError(Exception):
    """There is no project where one was looked for."""


def project_root(start: Path | None = None) -> Path:
    """The nearest folder, from ``start`` (the current one) upwards, that holds deploy.py and inventory/.

    Raises NoProjectError, which says what was looked for, and where.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / "deploy.py").is_file() and (folder / "inventory").is_dir():
            return folder
    raise NoProjectError(
        f"no project found: looked for a folder with {' and '.join(MARKS)}/ in {begin} and every folder above it. "
        "Change into your project's folder, or name it with --chdir."
    )


def inventory_files(root: Path) -> list[Path]:
    """One file a site, in the order of their names."""
    return sorted(path for path in (root / "inventory").glob("*.py") if not path.name.startswith("_"))


def named_files(root: Path, folder: str) -> dict[str, Path]:
    """The files of group_data/ or profiles/, by the name that each stands for."""
    return {path.stem: path for path in sorted((root / folder).glob("*.py")) if not path.name.startswith("_")}

"""The inventory folder as pyinfra's groups: what pyinfra does with one file, done with each file of a folder."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import InventoryError


def groups(folder: str | Path) -> dict[str, Any]:
    """Group name → hosts, or hosts and the group's data, from every ``*.py`` in the folder that is not private.

    Raises InventoryError for a group that two files define: pyinfra would keep one of them without a word.
    """
    found: dict[str, Any] = {}
    places: dict[str, Path] = {}
    for path in sorted(Path(folder).glob("*.py")):
        if path.name.startswith("_"):
            continue
        for name, value in runpy.run_path(str(path)).items():
            if name.startswith("_") or not _is_group(value):
                continue
            if name in places:
                raise InventoryError(f"group {name} stands in {places[name]} and in {path}")
            found[name], places[name] = value, path
    return found


def _is_group(value: Any) -> bool:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        value = value[0]
    return isinstance(value, list) and all(isinstance(item, str | tuple) for item in value)

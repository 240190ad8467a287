"""The inventory folder as pyinfra's groups: what pyinfra does with one file, done with each file of a folder."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import InventoryError


def groups(folder: str | Path) -> dict[str, list[Any]]:
    """Group name → hosts, from every ``*.py`` in the folder; each file's hosts are also the group of its name.

    Raises InventoryError for a host that two files define, whose data pyinfra would silently mix.
    """
    found: dict[str, list[Any]] = {}
    defined: dict[str, Path] = {}
    for path in sorted(Path(folder).glob("*.py")):
        if path.name.startswith("_"):
            continue
        site: list[Any] = []
        for name, hosts in runpy.run_path(str(path)).items():
            if name.startswith("_") or not _is_group(hosts):
                continue
            found.setdefault(name, []).extend(hosts)
            site.extend(host for host in hosts if host not in site)
        for host in site:
            name = host[0] if isinstance(host, tuple) else host
            other = defined.setdefault(name, path)
            if other != path:
                raise InventoryError(f"host {name} stands in {other} and in {path}")
        found.setdefault(path.stem, []).extend(host for host in site if host not in found.get(path.stem, []))
    return found


def _is_group(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str | tuple) for item in value)

"""The project's inventory as pyinfra's groups: read as the declaration is read, so that both see the same hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import InventoryError

from rigwright.spec.faults import DeclarationError
from rigwright.spec.files import read_project
from rigwright.spec.load import load_rigs

Hosts = list[tuple[str, dict[str, Any]]]


def groups(root: str | Path, file: str | None = None) -> dict[str, tuple[Hosts, dict[str, Any]]]:
    """Group name → its hosts and its data, from all inventory files of the project, or from one, named from its root.

    Raises InventoryError with everything that is wrong with the declaration where a file cannot be read, or says what
    pyinfra would leave out without a word.
    """
    try:
        project = read_project(Path(root))
        if project.faults:
            load_rigs(Path(root))
    except DeclarationError as error:
        raise InventoryError(str(error)) from error
    hosts = project.inventory.hosts
    return {
        name: ([(host, dict(hosts[host].data.values)) for host in group.hosts], dict(group.data.values))
        for name, group in project.inventory.groups.items()
        if file in (None, group.origin.file)
    }

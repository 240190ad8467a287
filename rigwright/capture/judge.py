"""The written file against what `rig check` will say of it, before anybody has to ask."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from rigwright.spec.checked import checked
from rigwright.spec.faults import Fault
from rigwright.spec.files import Project
from rigwright.spec.inventory import collect
from rigwright.spec.layers import merge_host
from rigwright.spec.source import read


def faults_of(text: str, name: str, label: str, project: Project | None) -> list[Fault]:
    """Every fault of the host's entry, with its line in the file, which the faults call ``label``.

    ``project``: whose group data and locks count; its other hosts do not.
    """
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        path = Path(folder) / "captured.py"
        path.write_text(text, encoding="utf-8")
        source = read(path, Path(folder))
    inventory = collect([source])
    alone = (
        replace(project, inventory=inventory) if project is not None else Project(Path(folder), inventory, {}, {}, ())
    )
    host = inventory.hosts[name]
    merged, faults = merge_host(alone, host, [], [])
    found = [*inventory.faults, *faults, *checked(host.name, merged, alone.locks).faults]
    return [_labelled(fault, source.file, label) for fault in found]


def _labelled(fault: Fault, file: str, label: str) -> Fault:
    if fault.origin is None or fault.origin.file != file:
        return fault
    return replace(fault, origin=replace(fault.origin, file=label))

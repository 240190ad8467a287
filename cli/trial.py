"""A project for hosts that are there to be tried out: declared hosts, with what a throw-away host needs else."""

from __future__ import annotations

import pprint
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigwright.spec.faults import DeclarationError
from rigwright.spec.files import read_project

COPIED = ("deploy.py", "config.py")
LOCKS = ("models.lock", "images.lock")
FOLDERS = ("profiles", "group_data")


@dataclass(frozen=True)
class Trial:
    """One host of a trial.

    ``like``: the host of the original inventory whose entry (and group) is taken, None for one of its own;
    ``changes``: merged over that entry, key by key (None takes an entry away).
    """

    like: str | None
    changes: Mapping[str, Any] = field(default_factory=dict)


def write_project(folder: Path, original: Path, hosts: Mapping[str, Trial]) -> Path:
    """Make ``folder`` a project of these hosts, with profiles and group data of ``original``; returns ``folder``.

    Raises DeclarationError where the original's files are not sound.
    """
    project = read_project(original)
    if project.faults:
        raise DeclarationError(list(project.faults))
    inventory = project.inventory
    groups: dict[str, dict[str, Any]] = {name: {} for name in inventory.groups}
    for name, trial in hosts.items():
        entry = inventory.hosts[trial.like] if trial.like else None
        group = groups.setdefault(entry.group if entry else "trial", {})
        group[name] = merged(entry.data.values if entry else {}, trial.changes)
    (folder / "inventory").mkdir(parents=True, exist_ok=True)
    for file in COPIED:
        shutil.copyfile(original / file, folder / file)
    for file in LOCKS:
        if (original / file).exists():
            shutil.copyfile(original / file, folder / file)
    for part in FOLDERS:
        shutil.copytree(
            original / part, folder / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    data = {name: dict(group.data.values) for name, group in inventory.groups.items()}
    text = "".join(_assignment(name, entries, data.get(name) or {}) for name, entries in groups.items())
    heading = (
        f'"""Throw-away hosts, made after {original}/inventory. Written by a program; the next run writes it anew."""\n'
    )
    (folder / "inventory" / "trial.py").write_text(heading + text, encoding="utf-8")
    return folder


def merged(entry: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``changes`` over ``entry``, mappings key by key, everything else whole."""
    result = dict(entry)
    for key, value in changes.items():
        there = result.get(key)
        result[key] = (
            merged(there if isinstance(there, Mapping) else {}, value) if isinstance(value, Mapping) else value
        )
    return result


def _assignment(group: str, entries: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    hosts = list(entries.items())
    return f"\n{group} = {pprint.pformat((hosts, dict(data)) if data else hosts, width=110, sort_dicts=False)}\n"

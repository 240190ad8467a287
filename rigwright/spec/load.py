"""From a project's files to Rigs: validated, complete, every value with its origin; or all faults of all hosts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from rigwright.spec import overrides as command_line
from rigwright.spec.check import built
from rigwright.spec.checked import Checked, checked
from rigwright.spec.connection import Connection
from rigwright.spec.faults import DeclarationError, Fault, merged
from rigwright.spec.files import Project, read_project
from rigwright.spec.inventory import Host
from rigwright.spec.layers import merge_host
from rigwright.spec.merge import Layer, Merged
from rigwright.spec.origin import Origins
from rigwright.spec.overrides import Override, OverrideError
from rigwright.spec.project import NoProjectError, project_root
from rigwright.spec.rig import Rig
from rigwright.spec.selection import NoSuchHostError, chosen
from rigwright.spec.shape import declaration

__all__ = [
    "DeclarationError",
    "Declarations",
    "NoProjectError",
    "NoSuchHostError",
    "OverrideError",
    "load_rigs",
    "project_root",
    "rig_of",
    "use",
    "use_for_pyinfra",
]


@dataclass(frozen=True)
class Declarations:
    """Sound declarations of some hosts."""

    root: Path
    rigs: Mapping[str, Rig]
    connections: Mapping[str, Connection]
    origins: Mapping[str, Origins]
    warnings: list[Fault] = field(default_factory=list)
    """What holds, but is worth a look; severity 'warning'."""


def load_rigs(
    root: Path,
    *,
    sources: list[Path] | None = None,
    hosts: list[str] | None = None,
    limits: Sequence[str] = (),
    profiles: list[str] | None = None,
    overrides: Mapping[str, Any] | list[str] | None = None,
    overlooked: Collection[str] = (),
) -> Declarations:
    """The Rigs of a project.

    ``sources``: these inventory files instead of inventory/*.py. ``hosts``: these hosts and groups; None: all.
    ``limits``: of these only those, by name, group or pattern. ``profiles``: added after the declared ones.
    ``overrides``: as for `--set`, texts or a mapping of key paths; only hosts that are chosen get them.
    ``overlooked``: ids of faults that do not count: who mends them must get past them.

    Raises DeclarationError with the faults of the files and all faults of these hosts (and, when all are asked for, of
    profiles and group data that none of them uses); NoSuchHostError for what meets no host; OverrideError for an
    override that is no assignment.
    """
    assigned = command_line.read(overrides)
    project = read_project(root, sources)
    judged = {host.name: _checked(project, host, assigned, profiles or []) for host in _chosen(project, hosts, limits)}
    faults = [*project.faults, *(fault for host in judged.values() for fault in host.faults)]
    if hosts is None and not limits:
        faults += _unused(project, {origin.file for host in judged.values() for origin in host.origins.values()})
    errors = [fault for fault in faults if fault.severity == "error" and fault.id not in overlooked]
    if errors:
        raise DeclarationError(errors)
    return Declarations(
        root,
        {name: host.rig for name, host in judged.items() if host.rig is not None},
        {name: host.connection for name, host in judged.items() if host.connection is not None},
        {name: host.origins for name, host in judged.items()},
        merged([fault for fault in faults if fault.severity == "warning"]),
    )


def _chosen(project: Project, names: Sequence[str] | None, limits: Sequence[str]) -> list[Host]:
    try:
        return chosen(project.inventory, names, limits)
    except NoSuchHostError as error:
        if project.faults:  # they may be why the host is not there
            raise DeclarationError(list(project.faults)) from error
        raise


def _checked(project: Project, host: Host, overrides: list[Override], profiles: list[str]) -> Checked:
    merged_values, faults = merge_host(project, host, overrides, profiles)
    result = checked(host.name, merged_values, project.locks)
    return replace(result, faults=[*faults, *result.faults])


def _unused(project: Project, used: set[str | None]) -> Iterator[Fault]:
    """Wrong types in profiles and group data that no host of these uses: they would surprise the day one does."""
    layers: list[Layer] = []
    for source in project.profiles.values():
        layers.append(project.layer("profile", source))
    for source in project.group_data.values():
        layers.append(project.layer("group", source))
    for layer in layers:
        if layer.file in used:
            continue
        alone = Merged(declaration())
        alone.add(layer)
        for _, fault in built("", alone)[2]:
            if fault.id != "key.missing":  # the rest of an entry may come from another source
                yield Fault(
                    (),
                    fault.key,
                    fault.value,
                    fault.expected,
                    fault.nearest,
                    fault.origin,
                    fault.advice,
                    fault.id,
                )


class _PyinfraInventory(Protocol):
    override_data: Any


class _PyinfraHost(Protocol):
    """What is used of pyinfra's Host."""

    name: str
    inventory: _PyinfraInventory


RUN_KEYS = frozenset({"layers", "no_reboot", "ssh_password", "ssh_key_password"})
"""What pyinfra's command line may hand over besides the declaration's keys: about this run, not about the host."""

_in_use: dict[str, Rig] = {}


def use(declarations: Declarations) -> None:
    """Let ``rig_of`` answer from these: they were loaded with the command line's `--set` and `--profile`."""
    _in_use.clear()
    _in_use.update(declarations.rigs)


def use_for_pyinfra(root: Path, hosts: Sequence[str], data: Mapping[str, Any] | None) -> None:
    """Let ``rig_of`` answer for these hosts, whom pyinfra is about to deploy to with this ``--data``.

    The declaration is judged also when there is no such host. Raises what ``load_rigs`` raises.
    """
    everybody = set(read_project(root).inventory.hosts) <= set(hosts)
    use(load_rigs(root, hosts=list(hosts) if hosts and not everybody else None, overrides=_declared(data)))


def rig_of(host: _PyinfraHost) -> Rig:
    """The Rig of a host that pyinfra deploys to, for deploy.py.

    Answers from ``use``, or else loads it from the project of the current folder, with pyinfra's `--data` as overrides,
    once. Raises what ``load_rigs`` raises; NoSuchHostError also for a host that the inventory does not hold.
    """
    if host.name in _in_use:
        return _in_use[host.name]
    data = json.dumps(_declared(host.inventory.override_data), sort_keys=True, default=str)
    return _loaded(project_root(), host.name, data)


def _declared(data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (data or {}).items() if name not in RUN_KEYS}


@cache
def _loaded(root: Path, host: str, overrides: str) -> Rig:
    return load_rigs(root, hosts=[host], overrides=json.loads(overrides)).rigs[host]

"""From a project's files to Rigs: validated, complete, every value with its origin; or all faults of all hosts."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from rigwright.catalog import catalog
from rigwright.rules import Finding, findings
from rigwright.rules import connection as connection_rules
from rigwright.spec import overrides as command_line
from rigwright.spec.check import built, secrets_in
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
from rigwright.spec.shape import declaration
from rigwright.spec.words import written

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
]


class NoSuchHostError(Exception):
    """A name is neither a host nor a group of the inventory."""

    def __init__(self, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        there = ", ".join(known) or "none: inventory/ is empty"
        super().__init__(f"no host or group {name!r} in the inventory.{hint} There are: {there}.")


@dataclass(frozen=True)
class Declarations:
    """Sound declarations of some hosts."""

    root: Path
    rigs: Mapping[str, Rig]
    connections: Mapping[str, Connection]
    origins: Mapping[str, Origins]
    groups: Mapping[str, tuple[str, ...]]
    """Group → its hosts, as far as they are among these."""
    warnings: list[Fault] = field(default_factory=list)
    """What holds, but is worth a look; severity 'warning'."""


@dataclass(frozen=True)
class _Checked:
    rig: Rig | None
    connection: Connection | None
    origins: Origins
    faults: list[Fault]


def load_rigs(
    root: Path,
    *,
    sources: list[Path] | None = None,
    hosts: list[str] | None = None,
    profiles: list[str] | None = None,
    overrides: Mapping[str, Any] | list[str] | None = None,
) -> Declarations:
    """The Rigs of a project.

    ``sources``: these inventory files instead of inventory/*.py. ``hosts``: these hosts and groups; None: all.
    ``profiles``: added after the declared ones. ``overrides``: as for `--set`, texts or a mapping of key paths.

    Raises DeclarationError with all faults of these hosts (and, when all are asked for, of profiles and group data that
    none of them uses); NoSuchHostError; OverrideError for an override that is no assignment.
    """
    assigned = command_line.read(overrides)
    project = read_project(root, sources)
    chosen = _chosen(project, hosts)
    checked = {host.name: _checked(project, host, assigned, profiles or []) for host in chosen}
    faults = [fault for host in checked.values() for fault in host.faults]
    if hosts is None:
        faults += _unused(project, {origin.file for host in checked.values() for origin in host.origins.values()})
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise DeclarationError(errors)
    return Declarations(
        root,
        {name: host.rig for name, host in checked.items() if host.rig is not None},
        {name: host.connection for name, host in checked.items() if host.connection is not None},
        {name: host.origins for name, host in checked.items()},
        {
            group.name: tuple(name for name in group.hosts if name in checked)
            for group in project.inventory.groups.values()
        },
        merged([fault for fault in faults if fault.severity == "warning"]),
    )


def _chosen(project: Project, wanted: list[str] | None) -> list[Host]:
    inventory = project.inventory
    if wanted is None:
        return list(inventory.hosts.values())
    names: list[str] = []
    for name in wanted:
        if name in inventory.hosts:
            names.append(name)
        elif name in inventory.groups:
            names.extend(inventory.groups[name].hosts)
        else:
            raise NoSuchHostError(name, [*inventory.hosts, *inventory.groups])
    return [host for name, host in inventory.hosts.items() if name in names]


def _checked(project: Project, host: Host, overrides: list[Override], profiles: list[str]) -> _Checked:
    result, faults = merge_host(project, host, overrides, profiles)
    rig, connection, of_types = built(host.name, result)
    leaks = [fault for path, fault in secrets_in(host.name, result) if path not in {at for at, _ in of_types}]
    faults += [fault for _, fault in of_types] + leaks
    leaked = {fault.key for fault in leaks}
    unusable = {str(path[0]) for path, _ in of_types}
    usable = rig or _without(host, result, unusable)
    origins = Origins(result.origins)
    if usable is not None:
        found = list(findings(usable, catalog(), unusable))
        if connection is not None and "access" not in unusable:
            found += connection_rules.find(usable, connection)
        faults += [_as_fault(host, finding, origins) for finding in found if finding.key not in leaked]
    return _Checked(rig, connection, origins, faults)


def _without(host: Host, result: Merged, unusable: set[str]) -> Rig | None:
    """The Rig without its wrong parts, so that the rules over the others are not silent because of them."""
    rest = Merged(declaration())
    rest.values = {name: value for name, value in result.values.items() if name not in unusable}
    rest.origins = result.origins
    return built(host.name, rest)[0]


def _as_fault(host: Host, finding: Finding, origins: Origins) -> Fault:
    name = finding.key.rsplit(".", 1)[-1]
    return Fault(
        (host.name,),
        finding.key,
        None if finding.value is None else written(name, finding.value),
        finding.expected,
        finding.nearest,
        origins.near_key(finding.key),
        finding.advice,
        finding.id,
        finding.severity,
    )


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


RUN_KEYS = frozenset({"layers"})
"""Keys of pyinfra's `--data` that steer a run and declare nothing."""

OF_THE_RUN = ("layers", "ssh_password", "ssh_key_password")
"""What pyinfra's command line may hand over besides the declaration's keys: about this run, not about the host."""

_in_use: dict[str, Rig] = {}


def use(declarations: Declarations) -> None:
    """Let ``rig_of`` answer from these: they were loaded with the command line's `--set` and `--profile`."""
    _in_use.clear()
    _in_use.update(declarations.rigs)


def rig_of(host: _PyinfraHost) -> Rig:
    """The Rig of a host that pyinfra deploys to, for deploy.py.

    Answers from ``use``, or else loads the project of the current folder, with pyinfra's `--data` as overrides, once.
    Raises what ``load_rigs`` raises; NoSuchHostError also for a host that the inventory does not hold.
    """
    if host.name in _in_use:
        return _in_use[host.name]
    given = {name: value for name, value in (host.inventory.override_data or {}).items() if name not in RUN_KEYS}
    rigs = _loaded(project_root(), json.dumps(given, sort_keys=True, default=str))
    if host.name not in rigs:
        raise NoSuchHostError(host.name, list(rigs))
    return rigs[host.name]


@cache
def _loaded(root: Path, overrides: str) -> Mapping[str, Rig]:
    return load_rigs(root, overrides=json.loads(overrides)).rigs

"""Who: hosts and groups out of the inventory's files, in pyinfra's own format.

A file holds groups: ``home = [("basement", {...}), "attic"]``, or with data for the whole group
``home = ([...], {...})``. A top-level list is a group, as it is for pyinfra; names that begin with an underscore, and
plain texts and numbers, are the file's own. Whatever else could have been meant as a group is a fault: pyinfra would
leave it out without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rigwright.spec.faults import Fault
from rigwright.spec.merge import Layer
from rigwright.spec.origin import Kind, Origin
from rigwright.spec.position import Position
from rigwright.spec.shape import declaration
from rigwright.spec.source import Source, file_fault

RESERVED = ("all", "inventory")
"""Groups that pyinfra makes by itself."""


@dataclass(frozen=True)
class Host:
    """One host's entry."""

    name: str
    group: str
    data: Layer
    """Its own data, with the entry's place."""


@dataclass(frozen=True)
class Group:
    """One group: its hosts in order, and the data given with it."""

    name: str
    hosts: tuple[str, ...]
    data: Layer
    origin: Origin


@dataclass(frozen=True)
class Inventory:
    """All sites together."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    faults: tuple[Fault, ...]


def collect(sources: list[Source]) -> Inventory:
    """The hosts and groups of these files; what is wrong with them is returned beside them."""
    reader = _Reader()
    for source in sources:
        for name, value in source.values.items():
            if _is_group(value):
                reader.group(source, name, value)
            elif isinstance(value, tuple | dict | set | frozenset):
                reader.no_group(source, name, value)
    return Inventory(reader.hosts, reader.groups, tuple(reader.faults))


def _is_group(value: object) -> bool:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        value = value[0]
    return isinstance(value, list)


class _Reader:
    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.groups: dict[str, Group] = {}
        self.faults: list[Fault] = []

    def group(self, source: Source, name: str, value: Any) -> None:
        position = source.position(name)
        origin = _origin("group", source, position)
        entries, data, at = value, {}, position
        if isinstance(value, tuple):
            entries, data = value
            at = position.child(0)
        if fault := self._name_fault(name, origin):
            self.faults.append(fault)
            return
        names = []
        for index, entry in enumerate(entries):
            place = at.child(index)
            host = self._host(source, name, entry, place)
            if host is not None:
                names.append(host.name)
                self.hosts[host.name] = host
        layer = Layer("group", source.file, data, position.child(1))
        self.groups[name] = Group(name, tuple(names), layer, origin)

    def no_group(self, source: Source, name: str, value: Any) -> None:
        """What is neither a list nor a list with a mapping; it is a group without hosts to all that comes after."""
        position = source.position(name)
        origin = _origin("group", source, position)
        comma = isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], list)
        mend = "Remove the comma after the list" if comma else "Put the hosts into square brackets"
        self.faults.append(
            file_fault(
                "inventory.group-form",
                f"a list of hosts, {name} = [...], or a list and a mapping with data of the group, {name} = ([...], "
                "{...})",
                origin,
                f"{mend}; if it is no group, begin its name with an underscore.",
                f"group {name!r}",
            )
        )
        self.groups.setdefault(name, Group(name, (), Layer("group", source.file, {}, position), origin))

    def _name_fault(self, name: str, origin: Origin) -> Fault | None:
        if name in self.groups:
            there = self.groups[name].origin
            return file_fault(
                "inventory.group-twice",
                f"a group's name once: it is also at {there}",
                origin,
                "Give one of the two another name, or put their hosts into one list.",
                f"group {name!r}",
            )
        if name in RESERVED or name in (declaration().fields or {}):
            why = "pyinfra's own" if name in RESERVED else "a key of the declaration"
            return file_fault(
                "inventory.group-name",
                f"another name: {name!r} is {why}",
                origin,
                "Rename the group, or begin the name with an underscore if it is no group.",
                f"group {name!r}",
            )
        return None

    def _host(self, source: Source, group: str, entry: Any, place: Position) -> Host | None:
        origin = _origin("host", source, place)
        name, data = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, {})
        problem = next(_host_problems(name, data), None)
        if problem:
            self.faults.append(file_fault("inventory.host", *problem[:1], origin, problem[1], f"group {group!r}"))
            return None
        if name in self.hosts:
            there = self.hosts[name]
            self.faults.append(
                Fault(
                    (name,),
                    "",
                    None,
                    f"one entry: it is also at {_place(there.data)}, in group {there.group!r}",
                    None,
                    origin,
                    "Keep one entry. What several hosts share belongs into a profile or group_data/all.py.",
                    "inventory.host-twice",
                )
            )
            return None
        inner = place.child(1) if isinstance(entry, tuple) else place
        return Host(name, group, Layer("host", source.file, data, Position(place.line, inner.children)))


def _host_problems(name: Any, data: Any) -> Iterator[tuple[str, str]]:
    want = "hosts, each a name or a pair of a name and a mapping, ('basement', {...})"
    if not isinstance(name, str) or not isinstance(data, dict):
        yield want, "Write the entry so; if the list is no group, begin its name with an underscore."
    elif not name or any(character.isspace() for character in name):
        yield f"{want}; {name[:40]!r} is no host's name", "If the list is no group, begin its name with an underscore."


def _origin(kind: Kind, source: Source, position: Position) -> Origin:
    return Origin(kind, source.file, position.line)


def _place(layer: Layer) -> Origin:
    return layer.origin(layer.positions)

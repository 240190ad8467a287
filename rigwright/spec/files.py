"""A project's files, read once: the inventory, the group data, the profiles, and what is wrong with them as files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rigwright.spec.faults import DeclarationError, Fault
from rigwright.spec.inventory import Inventory, collect
from rigwright.spec.locks import Locks, read_locks
from rigwright.spec.merge import Layer
from rigwright.spec.origin import Kind, Origin
from rigwright.spec.position import Position, Step
from rigwright.spec.project import inventory_files, named_files
from rigwright.spec.shape import connection_keys
from rigwright.spec.source import Source, allow_imports_from, file_fault, read


@dataclass(frozen=True)
class Project:
    """Everything that the files say."""

    root: Path
    inventory: Inventory
    group_data: Mapping[str, Source]
    profiles: Mapping[str, Source]
    faults: tuple[Fault, ...] = ()
    """What is wrong with the files as such. Everything else in them can be judged all the same."""
    locks: Locks = field(default_factory=Locks)

    def layer(self, kind: Kind, source: Source) -> Layer:
        """A whole file as one source of values."""
        places: dict[Step, Position] = {name: source.position(name) for name in source.values}
        return Layer(kind, source.file, source.values, Position(1, places))


def read_project(root: Path, sources: list[Path] | None = None) -> Project:
    """Read the project's files; ``sources``: these inventory files instead of inventory/*.py.

    Raises DeclarationError with all files that cannot be read: what they hold is not known. Other faults are returned.
    """
    allow_imports_from(root)
    unreadable: list[Fault] = []

    def each(paths: Mapping[str, Path]) -> dict[str, Source]:
        found = {}
        for name, path in paths.items():
            try:
                found[name] = read(path, root)
            except DeclarationError as error:
                unreadable.extend(error.faults)
        return found

    files = each({str(path): path for path in (sources if sources is not None else inventory_files(root))})
    group_data = each(named_files(root, "group_data"))
    profiles = each(named_files(root, "profiles"))
    locks = Locks()
    try:
        locks = read_locks(root)
    except DeclarationError as error:
        unreadable.extend(error.faults)
    if unreadable:
        raise DeclarationError(unreadable)
    inventory = collect(list(files.values()))
    faults = [*inventory.faults, *_groupless(group_data, inventory), *_not_for_profiles(profiles)]
    if not inventory.hosts and not inventory.faults:
        faults.append(_no_host(files))
    return Project(root, inventory, group_data, profiles, tuple(faults), locks)


def _no_host(files: Mapping[str, Source]) -> Fault:
    names = ", ".join(source.file for source in files.values())
    return file_fault(
        "inventory.no-host",
        "a host: in a list whose name does not begin with an underscore, e.g. home = [('basement', {...})]",
        Origin("host", names or "inventory"),
        "Add one to such a list." if names else "Add a file with one, e.g. inventory/home.py.",
    )


def _groupless(group_data: Mapping[str, Source], inventory: Inventory) -> Iterator[Fault]:
    for name, source in group_data.items():
        if name != "all" and name not in inventory.groups:
            near = difflib.get_close_matches(name, ["all", *inventory.groups], 1)
            yield Fault(
                (),
                "",
                f"group_data/{name}.py",
                f"the name of a group: {', '.join(['all', *inventory.groups])}",
                f"group_data/{near[0]}.py" if near else None,
                Origin("group", source.file, 1),
                "Rename the file after its group, or remove it.",
                "group-data.no-group",
            )


def _not_for_profiles(profiles: Mapping[str, Source]) -> Iterator[Fault]:
    for source in profiles.values():
        for name in source.values:
            if name == "profiles":
                why, advice = "no profiles in a profile", "Name both profiles at the host, in their order."
            elif name in connection_keys():
                why, advice = "no connection in a profile", "Set it at the host or in group_data/."
            else:
                continue
            yield file_fault(
                "profile.key", why, Origin("profile", source.file, source.position(name).line), advice, name
            )

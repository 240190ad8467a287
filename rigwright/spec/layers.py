"""One host's sources in their order: profiles, group data, its own data, the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from rigwright.spec.faults import Fault
from rigwright.spec.files import Project
from rigwright.spec.inventory import Host
from rigwright.spec.merge import Layer, Merged
from rigwright.spec.origin import Origin, Path, dotted
from rigwright.spec.overrides import Override
from rigwright.spec.shape import declaration, inside_secret
from rigwright.spec.words import expected, written

FROM_SET = Origin("set")
FROM_PROFILE_OPTION = Origin("set", option="--profile")


def merge_host(
    project: Project, host: Host, overrides: list[Override], profiles: list[str]
) -> tuple[Merged, list[Fault]]:
    """Everything that is said about one host, and the faults of how it is said.

    ``profiles`` come from the command line, after those that are declared: a profile named twice counts where it
    stands last.
    """
    over_profiles = list(_group_layers(project, host))
    over_profiles.append(host.data)
    names, origins = _profiles(over_profiles, overrides, profiles)
    result, faults = Merged(declaration()), []
    for index, name in enumerate(names):
        if name in project.profiles:
            result.add(project.layer("profile", project.profiles[name]))
        else:
            faults.append(_no_such_profile(project, host, index, name, origins[index]))
    for layer in over_profiles:
        result.add(layer)
    for override in overrides:
        faults.extend(_assigned(result, host, override))
    if profiles:
        result.set(("profiles",), names, FROM_PROFILE_OPTION)
    return result, faults


def _group_layers(project: Project, host: Host) -> Iterator[Layer]:
    if "all" in project.group_data:
        yield project.layer("group", project.group_data["all"])
    yield project.inventory.groups[host.group].data
    if host.group in project.group_data:
        yield project.layer("group", project.group_data[host.group])


def _profiles(layers: list[Layer], overrides: list[Override], extra: list[str]) -> tuple[list[str], list[Origin]]:
    """The profiles in their order, and where each is named; what is no list of names is left to the types."""
    names: list[str] = []
    origins: list[Origin] = []
    for layer in layers:
        given = layer.values.get("profiles")
        if isinstance(given, list):
            position = layer.positions.child("profiles")
            names = [str(name) for name in given]
            origins = [layer.origin(position.child(index)) for index in range(len(names))]
    for override in overrides:
        if override.path == ("profiles",) and isinstance(override.value, list):
            names = [str(name) for name in override.value]
            origins = [FROM_SET] * len(names)
    for name in extra:
        if name in names:
            del origins[names.index(name)]
            names.remove(name)
        names.append(name)
        origins.append(FROM_PROFILE_OPTION)
    return names, origins


def _no_such_profile(project: Project, host: Host, index: int, name: str, origin: Origin) -> Fault:
    near = difflib.get_close_matches(name, list(project.profiles), 1)
    return Fault(
        (host.name,),
        f"profiles.{index}",
        repr(name),
        f"one of the profiles: {', '.join(project.profiles) or 'there is none in profiles/'}",
        repr(near[0]) if near else None,
        origin,
        f"Correct the name, or write profiles/{name}.py.",
        "profile.unknown",
    )


def _assigned(result: Merged, host: Host, override: Override) -> Iterator[Fault]:
    try:
        result.set(override.path, override.value, FROM_SET)
    except (KeyError, IndexError, TypeError):
        above = override.path[:-1]
        while above and not _is_there(result, above):
            above = above[:-1]
        words, advice = _no_place(above, _value_at(result, above))
        shown = "(not shown)" if inside_secret(override.path) else written(str(override.path[-1]), override.value)
        yield Fault((host.name,), dotted(override.path), shown, words, None, FROM_SET, advice, "set.no-place")


def _no_place(above: Path, there: object) -> tuple[str, str]:
    """What could stand below a value that something was to be set in."""
    if isinstance(there, list):
        entries = f"an entry from 0 to {len(there) - 1}" if there else "no entry: the list is empty"
        return entries, "Set the whole list as JSON, or an entry that is there."
    shape = declaration().at(above)
    return f"no key below {dotted(above)}, which is {expected(shape) if shape else 'unknown'}", "Shorten the key."


def _is_there(result: Merged, path: tuple[str | int, ...]) -> bool:
    try:
        _value_at(result, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _value_at(result: Merged, path: tuple[str | int, ...]) -> object:
    value: object = result.values
    for step in path:
        value = value[step]  # type: ignore[index]  # whatever cannot be indexed raises, which is the answer
    return value

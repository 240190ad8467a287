"""All layers together: a declaration that its own types take, without what is the default anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from rigwright.capture import (
    access,
    base,
    cards,
    containers,
    cuda,
    driver,
    hardware,
    models,
    others,
    packages,
    serving,
    storage,
    tuning,
)
from rigwright.capture.part import FILL_IN, Part, Values, together
from rigwright.capture.seen import Seen
from rigwright.spec.check import built, secrets_in
from rigwright.spec.faults import DeclarationError
from rigwright.spec.merge import Layer, Merged
from rigwright.spec.origin import Path, dotted
from rigwright.spec.position import Position
from rigwright.spec.rig import Rig
from rigwright.spec.shape import Shape, declaration

LAYERS = (hardware, base, storage, access, driver, cuda, containers, tuning, cards, models, serving, others)
EXPLICIT = frozenset({
    ("base", "hostname"), ("base", "timezone"), ("base", "locale"), ("driver", "source"), ("containers", "engine"),
})  # fmt: skip
"""Keys that are written though they have their default: what the host is known by, and what a reader looks for."""
_ABSENT = object()


def captured(seen: Seen, name: str) -> Part:
    """What the host is, as far as keys can say; what they cannot is in the notes."""
    part = together([layer.captured(seen) for layer in LAYERS])
    _keep_what_can_be_declared(part, name)
    rig = _without_gaps(part.values, name)
    part = together([part, packages.captured(seen, rig)])
    _keep_what_can_be_declared(part, name)
    return part


def standard(name: str, group_data: Layer | None) -> Values:
    """What a host has of which nothing is declared: the defaults, and what the project gives to every host.

    Raises DeclarationError where what it gives is unsound.
    """
    merged = Merged(declaration())
    if group_data is not None:
        merged.add(group_data)
    rig, _, faults = built(name, merged)
    if rig is None:
        raise DeclarationError([fault for _, fault in faults])
    return rig.model_dump()


def without_standard(values: Mapping[str, Any], there: Mapping[str, Any]) -> Values:
    """``values`` without what is so anyway. ``there``: as `standard` has it."""
    return _differing(values, declaration(), there, ())


def _differing(values: Mapping[str, Any], shape: Shape, there: Mapping[str, Any] | None, path: Path) -> Values:
    found: Values = {}
    order = list(shape.fields or ())
    for name, value in sorted(values.items(), key=lambda item: order.index(item[0]) if item[0] in order else 0):
        inner = shape.child(name)
        usual = _usual(name, inner, there)
        mapping = inner is not None and inner.kind in ("model", "map") and not inner.atomic and isinstance(value, dict)
        if mapping and inner is not None:
            below = _differing(value, inner, usual if isinstance(usual, Mapping) else None, (*path, name))
            if below or usual is _ABSENT:
                found[name] = below
        elif value != usual or (*path, name) in EXPLICIT:
            found[name] = value
    return found


def _usual(name: str, shape: Shape | None, there: Mapping[str, Any] | None) -> Any:
    if there is not None:
        return there.get(name, _ABSENT)
    if shape is None or shape.info is None or shape.required:
        return _ABSENT
    default = shape.info.get_default(call_default_factory=True)
    return default.model_dump() if isinstance(default, BaseModel) else default


def _keep_what_can_be_declared(part: Part, name: str) -> None:
    """Take out what the types refuse, and what looks like a secret, and say so; texts to be filled in stay."""
    for _ in range(_MOST_ROUNDS):
        merged = _merged(part.values)
        wrong = [path for path, _ in built(name, merged)[2] if not _is_gap(part.values, path)]
        leaks = [path for path, _ in secrets_in(name, merged)]
        refused = {path: fault for path, fault in built(name, merged)[2] if path in wrong}
        if not wrong and not leaks:
            return
        for path in sorted({*wrong, *leaks}, key=len, reverse=True):
            if _taken(part.values, path):
                why = "it looks like a secret" if path in leaks else f"expected {refused[path].expected}"
                part.say(str(path[0]), "unfit", f"What the host has for {dotted(path)} cannot be declared: {why}")


_MOST_ROUNDS = 5
"""Taking a value out may leave an entry incomplete, which then goes, too."""


def _merged(values: Values) -> Merged:
    merged = Merged(declaration())
    merged.add(Layer("host", "", values, Position(1)))
    return merged


def _is_gap(values: Any, path: Path) -> bool:
    for step in path:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return False
    return isinstance(values, str) and values.startswith(FILL_IN)


def _taken(values: Any, path: Path) -> bool:
    """Take what stands at a path, or the nearest above it, out of the values; whether there was something."""
    holders = [values]
    for step in path[:-1]:
        try:
            holders.append(holders[-1][step])
        except (KeyError, IndexError, TypeError):
            break
    for depth in range(len(holders) - 1, -1, -1):
        holder, step = holders[depth], path[depth]
        there = isinstance(holder, dict) and step in holder
        if there or (isinstance(holder, list) and isinstance(step, int) and step < len(holder)):
            del holder[step]
            return True
    return False


def _without_gaps(values: Values, name: str) -> Rig:
    """The declaration without its hardware, of which parts are to be filled in."""
    rest = {key: value for key, value in values.items() if key != "hardware"}
    rig, _, faults = built(name, _merged(rest))
    assert rig is not None, faults
    return rig

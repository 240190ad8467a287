"""`--set key.path=value`: the value is read as the key's type wants it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_origin

from rigwright.spec.origin import Path
from rigwright.spec.shape import Shape, declaration


class OverrideError(Exception):
    """The option cannot be read at all: there is no '=' in it."""


@dataclass(frozen=True)
class Override:
    """One assignment from the command line."""

    path: Path
    value: Any


def read(given: Mapping[str, Any] | Iterable[str] | None) -> list[Override]:
    """Assignments as they come from `--set` ('driver.branch=580'), or parsed already, as from pyinfra's `--data`.

    A path is resolved by the declaration's types, so that a name with dots in it ('tuning.sysctl.vm.swappiness') is
    one step. A path that leads nowhere is kept as written: the checks then name the nearest key.
    """
    pairs = given.items() if isinstance(given, Mapping) else [_split(text) for text in given or ()]
    overrides = []
    for key, value in pairs:
        path = _path(key)
        overrides.append(Override(path, _value(value, declaration().at(path))))
    return overrides


def _split(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise OverrideError(f"--set {text!r}: expected key.path=value, e.g. --set driver.branch=580")
    return key.strip(), value


def _path(key: str) -> Path:
    steps = key.split(".")
    path: list[str | int] = []
    shape: Shape | None = declaration()
    while steps:
        if shape is not None and shape.kind == "map" and shape.item is not None and shape.item.kind == "value":
            path.append(".".join(steps))  # the entries hold nothing, so all that is left is the entry's name
            break
        step = steps.pop(0)
        path.append(int(step) if shape is not None and shape.kind == "list" and step.isdigit() else step)
        shape = shape.child(path[-1]) if shape else None
    return tuple(path)


def _value(value: Any, shape: Shape | None) -> Any:
    if not isinstance(value, str):
        return _as_text(value, shape)
    if value == "null" and (shape is None or shape.optional or shape.kind == "value"):
        return None
    if shape is not None and shape.kind == "value" and _wants_text(shape):
        return value
    try:
        return json.loads(value)
    except ValueError:
        words = {"true": True, "false": False, "none": None}
        return words.get(value.lower(), value)


def _wants_text(shape: Shape) -> bool:
    """Text and choices are taken as written: `cuda.default=13.0` is '13.0', and not the number thirteen."""
    return shape.annotation is str or get_origin(shape.annotation) is Literal


def _as_text(value: Any, shape: Shape | None) -> Any:
    """pyinfra has read the value before us: 13.0 came as a number where text is wanted."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number and shape is not None and shape.kind == "value" and _wants_text(shape) else value

"""What is left of a declaration whose types are wrong in places: the rules over the rest are asked all the same.

Only what is wrong is taken away. A key goes back to its default; one without a default, and an entry of a list, gets a
value that says nothing, so that the entries beside it stay where they are; where there is none, what it stands in goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rigwright.spec.check import built
from rigwright.spec.connection import Connection
from rigwright.spec.locks import Locks
from rigwright.spec.merge import Merged
from rigwright.spec.origin import Path
from rigwright.spec.rig import Rig
from rigwright.spec.shape import Shape, declaration

_NOTHING = object()


@dataclass(frozen=True)
class Partial:
    """A declaration without its wrong parts."""

    rig: Rig
    connection: Connection
    without: frozenset[Path]
    """What was taken away."""


def sound_part(host: str, merged: Merged, wrong: Iterable[Path], locks: Locks | None = None) -> Partial | None:
    """The declaration without what is ``wrong`` in it; None where nothing of it can be used."""
    rest = Merged(declaration())
    rest.values = _copied(merged.values)
    replaced: set[Path] = set()
    gone: set[Path] = set()
    while True:
        changed: set[Path] = set()
        for path in wrong:
            if _upmost(path, changed) is not None:
                continue  # what was wrong in it is not there any more: the next look says whether all is well now
            where = _to_go(path, replaced, gone)
            if not where:
                return None
            if where not in replaced and _replaced(rest.values, where):
                replaced.add(where)
            else:  # also where it is the name of an entry that is wrong
                _removed(rest.values, where)
                gone.add(where)
            changed.add(where)
        rig, connection, faults = built(host, rest, locks)
        if rig is not None and connection is not None and not faults:
            return Partial(rig, connection, frozenset(replaced | gone))
        wrong = [path for path, _ in faults]


def _to_go(path: Path, replaced: set[Path], gone: set[Path]) -> Path:
    """What to take away for a fault at this path: where something above it was dealt with before, that was too little.

    Empty where nothing is left to be taken away.
    """
    removed, stand_in = _upmost(path, gone), _upmost(path, replaced)
    if removed is not None and (stand_in is None or len(removed) <= len(stand_in)):
        return removed[:-1]
    return path if stand_in is None else stand_in


def _upmost(path: Path, places: set[Path]) -> Path | None:
    """The first of these places on the way to a path, itself included."""
    return next((path[:end] for end in range(1, len(path) + 1) if path[:end] in places), None)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _replaced(values: dict[Any, Any], path: Path) -> bool:
    """Put a value there that says nothing, if something else changes when there is none. Whether there is such."""
    shape = declaration().at(path)
    stand_in = _neutral(shape) if shape is not None and _must_stay(shape, path) else _NOTHING
    if stand_in is _NOTHING:
        return False
    _holder(values, path)[path[-1]] = stand_in
    return True


def _removed(values: dict[Any, Any], path: Path) -> None:
    holder = _holder(values, path)
    if isinstance(holder, dict):
        holder.pop(path[-1], None)


def _holder(values: dict[Any, Any], path: Path) -> Any:
    holder: Any = values
    for step in path[:-1]:
        holder = holder[step]
    return holder


def _must_stay(shape: Shape, path: Path) -> bool:
    """Whether something else changes when this is not there: what holds it, or the places of its neighbours."""
    above = declaration().at(path[:-1])
    assert above is not None
    return shape.required or above.kind == "list" or (above.kind == "map" and shape.kind == "model")


def _neutral(shape: Shape) -> Any:
    """A value that is right here and says nothing; _NOTHING where there is none."""
    match shape.kind:
        case "list":
            return []
        case "map":
            return {}
        case "model":
            needed = {name: _neutral(inner) for name, inner in (shape.fields or {}).items() if inner.required}
            return _NOTHING if _NOTHING in needed.values() else needed
    return "" if shape.annotation is str and not shape.bounds else _NOTHING

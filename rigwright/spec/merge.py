"""Several sources into one: mappings key by key, everything else whole, every value with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rigwright.spec.origin import DEFAULT, Kind, Origin, Path
from rigwright.spec.position import Position
from rigwright.spec.shape import Shape


@dataclass(frozen=True)
class Layer:
    """What one source says: a profile, a group's data, a host's data."""

    kind: Kind
    file: str
    values: Mapping[str, Any]
    positions: Position

    def origin(self, position: Position) -> Origin:
        """The origin of what stands at this position."""
        return Origin(self.kind, self.file, position.line)


class Merged:
    """A declaration while it is put together, the weakest source first."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.values: dict[str, Any] = {}
        self.origins: dict[Path, Origin] = {}
        for path, value in _default_mappings(shape):
            self.set(path, value, DEFAULT)

    def add(self, layer: Layer) -> None:
        """Merge a source over what is there."""
        for name, value in layer.values.items():
            self._put((name,), value, layer, layer.positions.child(name))

    def set(self, path: Path, value: Any, origin: Origin) -> None:
        """Merge one value over what is there, all of it of one origin. ``path`` may lead into lists.

        Raises KeyError, IndexError or TypeError where the path leads through something that has no such place.
        """
        self._put(path, value, origin, None)

    def origins_near(self, path: Path) -> Origin:
        """The origin of this path, or of the nearest one above it that was set."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return self.origins[path[:end]]
        return DEFAULT

    def _put(self, path: Path, value: Any, source: Layer | Origin, position: Position | None) -> None:
        origin = source.origin(position) if isinstance(source, Layer) and position else source
        assert isinstance(origin, Origin)
        holder = self._holder(path, origin)
        shape = self.shape.at(path)
        if value is None and self._is_entry(path):
            if isinstance(holder, dict):
                holder.pop(path[-1], None)
            self._forget(path)
            return
        there = holder.get(path[-1]) if isinstance(holder, dict) else holder[path[-1]]
        if isinstance(value, dict) and isinstance(there, dict) and not (shape and shape.atomic):
            self.origins[path] = origin
        else:
            self._forget(path)
            holder[path[-1]] = {} if isinstance(value, dict) else value
            self.origins[path] = origin
            if isinstance(value, list | tuple):
                self._list(path, value, source, position)
        if isinstance(value, dict):
            for name, inner in value.items():
                self._put((*path, name), inner, source, position.child(name) if position else None)

    def _list(
        self, path: Path, value: list[Any] | tuple[Any, ...], source: Layer | Origin, at: Position | None
    ) -> None:
        """A list of its own, so that nothing that is set in it later reaches the source's own values."""
        holder = self._holder(path, self.origins[path])
        own: list[Any] = [{} if isinstance(item, dict) else item for item in value]
        holder[path[-1]] = own if isinstance(value, list) else tuple(value)
        if isinstance(value, tuple):
            return  # refused by the types; what is in it is not looked at
        for index, item in enumerate(value):
            position = at.child(index) if at else None
            where = (*path, index)
            self.origins[where] = (
                source.origin(position) if isinstance(source, Layer) and position else self.origins[path]
            )
            if isinstance(item, dict):
                for name, inner in item.items():
                    self._put((*where, name), inner, source, position.child(name) if position else None)
            elif isinstance(item, list | tuple):
                self._list(where, item, source, position)

    def _holder(self, path: Path, origin: Origin) -> Any:
        """What the last step of a path stands in; mappings that are not there yet are made, as this origin's."""
        holder: Any = self.values
        for depth, step in enumerate(path[:-1]):
            if isinstance(holder, dict) and step not in holder:
                holder[step] = {}
                self.origins[path[: depth + 1]] = origin
            holder = holder[step]
        if not isinstance(holder, dict | list):
            raise TypeError(f"{path[-1]!r} cannot stand in a value that is neither a mapping nor a list")
        return holder

    def _is_entry(self, path: Path) -> bool:
        """Whether the path is an entry of a mapping by name, which None takes away, and not a key of a model."""
        above = self.shape.at(path[:-1])
        return above is not None and above.kind in {"map", "json"}

    def _forget(self, path: Path) -> None:
        depth = len(path)
        for other in [other for other in self.origins if other[:depth] == path]:
            del self.origins[other]


def _default_mappings(shape: Shape, path: Path = ()) -> list[tuple[Path, dict[str, Any]]]:
    """The mappings by name that have entries by default: a source adds to those."""
    found: list[tuple[Path, dict[str, Any]]] = []
    for name, inner in (shape.fields or {}).items():
        if inner.kind == "map" and inner.info is not None and inner.info.default_factory is not None:
            default = inner.info.get_default(call_default_factory=True)
            if default:
                found.append(((*path, name), default))
        elif inner.kind == "model" and not inner.optional:
            found.extend(_default_mappings(inner, (*path, name)))
    return found

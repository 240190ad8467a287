"""The declaration's types as a tree to be walked by key path: for merging, for `--set`, for the words of errors."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from rigwright.spec.connection import Connection
from rigwright.spec.model import Model
from rigwright.spec.origin import Path
from rigwright.spec.position import Step
from rigwright.spec.rig import Rig

Kind = Literal["model", "map", "list", "json", "value"]


@dataclass(frozen=True, eq=False)
class Shape:
    """What may stand at one place of a declaration."""

    kind: Kind
    annotation: Any
    """The type, without None and without its bounds."""
    optional: bool = False
    """Whether None may stand here."""
    bounds: tuple[Any, ...] = ()
    """pydantic's constraints: Ge, Le, Gt, pattern …"""
    fields: Mapping[str, Shape] | None = None
    """Kind 'model': its keys."""
    item: Shape | None = None
    """Kinds 'map' and 'list': what each entry is."""
    name: Shape | None = None
    """Kind 'map': what an entry's name is."""
    info: FieldInfo | None = None
    """The key's own declaration, where this is a key."""
    atomic: bool = False
    """Replaced whole by a later source."""
    words: str | None = None
    """What an entry of a mapping or a list is, in words, where its type says so."""

    def child(self, step: Step) -> Shape | None:
        """What may stand one step further down; None: nothing may."""
        match self.kind:
            case "model":
                return (self.fields or {}).get(str(step))
            case "map":
                return self.item
            case "list":
                return self.item if isinstance(step, int) else None
            case "json":
                return self
        return None

    def at(self, path: Path) -> Shape | None:
        """What may stand at a path from here; None: nothing may."""
        shape: Shape | None = self
        for step in path:
            shape = shape.child(step) if shape else None
        return shape

    @property
    def form(self) -> str | None:
        """The words given with the key, or with the type, for what is wanted."""
        extra = self.info.json_schema_extra if self.info else None
        form = extra.get("form") if isinstance(extra, dict) else None
        return form if isinstance(form, str) else self.words

    @property
    def required(self) -> bool:
        """Whether the key has no default."""
        return self.info is not None and self.info.is_required()

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
        """Every key of this model and the models in it; '*' stands for any entry of a mapping, 0 for any of a list."""
        yield path, self
        if self.fields is not None:
            for name, shape in self.fields.items():
                yield from shape.walk((*path, name))
        elif self.item is not None:
            yield from self.item.walk((*path, "*" if self.kind == "map" else 0))


def _shape(annotation: Any, bounds: tuple[Any, ...] = (), info: FieldInfo | None = None) -> Shape:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        words = next((entry.description for entry in more if isinstance(entry, FieldInfo)), None)
        return replace(_shape(inner, (*bounds, *_constraints(more)), info), words=words)
    if get_origin(annotation) in {Union, types.UnionType}:
        members = get_args(annotation)
        wanted = [member for member in members if member is not types.NoneType]
        if len(wanted) == 1:
            return replace(_shape(wanted[0], bounds, info), optional=True)
    return _whole(annotation, bounds, info)


def _whole(annotation: Any, bounds: tuple[Any, ...], info: FieldInfo | None) -> Shape:
    if annotation is JsonValue:
        return Shape("json", annotation, True, bounds, info=info)
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return Shape("model", annotation, fields=_fields(annotation), info=info, atomic=annotation.atomic)
    if get_origin(annotation) is dict:
        name, item = get_args(annotation)
        return Shape("map", annotation, bounds=bounds, item=_shape(item), name=_shape(name), info=info)
    if get_origin(annotation) is list:
        return Shape("list", annotation, bounds=bounds, item=_shape(get_args(annotation)[0]), info=info)
    return Shape("value", annotation, bounds=bounds, info=info)


def _constraints(metadata: list[Any]) -> Iterator[Any]:
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            yield from entry.metadata
        else:
            yield entry


@cache
def _fields(model: type[Model]) -> Mapping[str, Shape]:
    return {
        info.alias or name: _shape(info.annotation, tuple(info.metadata), info)
        for name, info in model.model_fields.items()
    }


@cache
def declaration() -> Shape:
    """What a host's data may hold: the Rig's keys, but its name, and beside them the connection's."""
    rig = {name: shape for name, shape in _fields(Rig).items() if name != "name"}
    return Shape("model", Rig, fields={**rig, **_fields(Connection)})


def connection_keys() -> frozenset[str]:
    """The keys of the connection, as they are written in an inventory."""
    return frozenset(_fields(Connection))


def inside_secret(path: Path) -> bool:
    """Whether a path leads to a reference to a secret, or into one: what stands there may be the secret itself."""
    above = (declaration().at(path[:end]) for end in range(1, len(path) + 1))
    return any(shape is not None and shape.atomic for shape in above)

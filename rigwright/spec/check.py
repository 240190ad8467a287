"""A merged declaration against its types: the Rig, or what is wrong in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rigwright.spec.connection import Connection
from rigwright.spec.faults import Fault
from rigwright.spec.locks import Locks
from rigwright.spec.merge import Merged
from rigwright.spec.model import Model
from rigwright.spec.origin import Path, dotted
from rigwright.spec.position import Step
from rigwright.spec.rig import Rig
from rigwright.spec.shape import Shape, connection_keys, declaration, inside_secret
from rigwright.spec.words import expected, listed, looks_secret, options, written

SECRET_ADVICE = "No secret belongs into the inventory: take it out, and change it if the file was shared."
AnyModel = TypeVar("AnyModel", bound=Model)


def built(
    host: str, merged: Merged, locks: Locks | None = None
) -> tuple[Rig | None, Connection | None, list[tuple[Path, Fault]]]:
    """The host's Rig and connection, or every fault of their types with the path that it is at."""
    faults: dict[Path, Fault] = {}
    connection_values = {name: value for name, value in merged.values.items() if name in connection_keys()}
    rig_values = {name: value for name, value in merged.values.items() if name not in connection_keys()}
    if "name" in rig_values:
        advice = "A host's name is its entry in the inventory: remove the key."
        faults["name",] = _unknown(host, merged, ("name",), advice)
    rig = _validated(Rig, {**rig_values, "name": host}, host, merged, faults)
    if rig is not None and locks is not None:
        rig = rig.locked_by(locks)
    connection = _validated(Connection, connection_values, host, merged, faults)
    return rig, connection, sorted(faults.items(), key=lambda item: _in_order(item[1]))


def _validated(
    model: type[AnyModel], values: dict[str, Any], host: str, merged: Merged, faults: dict[Path, Fault]
) -> AnyModel | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path, fault = _fault(host, merged, detail)
            faults.setdefault(path, fault)
        return None


def _in_order(fault: Fault) -> tuple[str, int]:
    origin = fault.origin
    return (origin.file or "", origin.line or 0) if origin else ("", 0)


def _fault(host: str, merged: Merged, detail: ErrorDetails) -> tuple[Path, Fault]:
    path, shape = _resolved(detail["loc"])
    named = detail["loc"][len(path) :] == ("[key]",)
    path = _as_written(merged.values, path)
    if detail["type"] == "extra_forbidden" or shape is None or named:
        return path, _unknown(host, merged, path)
    key, origin = dotted(path), merged.origins_near(path)
    if detail["type"] == "missing":
        advice = f"Add it: {_meaning(shape)}."
        return path, Fault(
            (host,), key, None, f"the key to be there, {expected(shape)}", None, origin, advice, "key.missing"
        )
    value = _value_at(merged.values, path) if shape.kind == "json" else detail["input"]
    if detail["type"] == "value_error" and shape.kind == "model":
        words = str(detail["ctx"]["error"])
        return path, Fault((host,), key, written("", value), words, None, origin, "Choose one.", "value.wrong")
    fault = Fault(
        (host,),
        key,
        "(not shown)" if inside_secret(path) else written("", value),
        expected(shape),
        _nearest_option(shape, value),
        origin,
        _advice(shape, value, origin.kind == "set"),
        "value.wrong",
    )
    return path, fault


def _resolved(location: tuple[Step, ...]) -> tuple[Path, Shape | None]:
    """The part of pydantic's location that is a path of the declaration, without its marks for unions and keys."""
    path: list[Step] = []
    shape: Shape | None = declaration()
    for index, step in enumerate(location):
        if step == "[key]":
            break
        inner = shape.child(step) if shape is not None else None
        if inner is None:
            last = index == len(location) - 1
            if shape is not None and (shape.kind in {"value", "json"} or not last):
                break  # a union's member, e.g. ('tuning', 'sysctl', 'vm.swappiness', 'int')
            path.append(step)
            return tuple(path), None
        if inner is shape and shape.kind == "json":
            break
        path.append(step)
        shape = inner
    return tuple(path), shape


def _as_written(values: Any, path: Path) -> Path:
    """The path with the names of mappings as they are in them: pydantic tells None and (1, 2) as text."""
    found: list[Step] = []
    for step in path:
        if isinstance(values, dict) and step not in values:
            step = next((name for name in values if str(name) == step), step)  # noqa: PLW2901
        found.append(step)
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):  # a key that is missing
            values = None
    return tuple(found)


def _unknown(host: str, merged: Merged, path: Path, advice: str | None = None) -> Fault:
    key, name = dotted(path), str(path[-1])
    value = _value_at(merged.values, path)
    above = declaration().at(path[:-1])
    known = _names_at(above)
    inside = inside_secret(path)
    secret = inside or looks_secret(name, value)
    nearest = None if secret and not inside else _nearest_key(name, path, known)
    if above is not None and above.kind == "map" and above.name is not None:
        words = f"in its place {expected(above.name)}"
    else:
        words = f"a known key: {_listed(known)}" if known else "no keys here"
    if advice is None:
        advice = SECRET_ADVICE if secret else "Rename it." if nearest else "Remove it."
    shown = "(not shown)" if secret else written(name, value)
    return Fault((host,), key, shown, words, nearest, merged.origins_near(path), advice, "key.unknown")


def _listed(known: list[str]) -> str:
    """The keys; of those of the connection, which stand beside the declaration's own, only that there are some."""
    own = [name for name in known if name not in connection_keys()]
    return f"{listed(own)}; for the connection ssh_user and others" if len(own) < len(known) else listed(own)


def _names_at(shape: Shape | None) -> list[str]:
    if shape is None:
        return []
    if shape.kind == "model":
        return list(shape.fields or {})
    return options(shape.name) if shape.kind == "map" and shape.name else []


def _nearest_key(name: str, path: Path, known: list[str]) -> str | None:
    """A key beside this one that is spelled much like it, or the path of a key of this very name elsewhere."""
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if near:
        return dotted((*path[:-1], near[0]))
    elsewhere = [where for where, _ in declaration().walk() if where and where[-1] == name]
    return dotted(elsewhere[0]) if len(elsewhere) == 1 else None


def _nearest_option(shape: Shape, value: object) -> str | None:
    near = difflib.get_close_matches(str(value), options(shape), 1, 0.5)
    return repr(near[0]) if near else None


def _advice(shape: Shape, value: object, from_command_line: bool) -> str:
    if shape.atomic and not isinstance(value, dict):
        return SECRET_ADVICE
    if from_command_line and shape.kind in {"list", "map", "model", "json"}:
        return "Give it as JSON, in quotes."
    direct = next(_plain_conversions(shape, value), None)
    if direct is None and shape.kind == "model":
        return "Give it keys: {...}."
    tells = " " in _meaning(shape) and not shape.form
    return direct or (f"Correct the value: {_meaning(shape)}." if tells else "Correct the value.")


def _plain_conversions(shape: Shape, value: object) -> Iterator[str]:
    if shape.annotation is int and isinstance(value, str) and value.strip().isdigit():
        yield f"Write {value.strip()}, without quotes."
    if shape.annotation is str and isinstance(value, int | float) and not isinstance(value, bool):
        yield f"Write '{value}', in quotes."
    if shape.annotation is bool and isinstance(value, str | int):
        yield "Write True or False, without quotes."
    if shape.kind == "list" and isinstance(value, str | tuple | set):
        yield "Put it into square brackets: [...]."


def _meaning(shape: Shape) -> str:
    return (shape.info.description or "") if shape.info else ""


def _value_at(values: Any, path: Path) -> Any:
    for step in path:
        values = values[step]
    return values


def secrets_in(host: str, merged: Merged) -> Iterator[tuple[Path, Fault]]:
    """Texts that are secrets by their looks or by the name of their key, wherever they stand."""
    for path, value in _leaves((), merged.values):
        if isinstance(value, str) and looks_secret(_named(path), value):
            origin = merged.origins_near(path)
            words = "no secret in the inventory"
            yield (
                path,
                Fault((host,), dotted(path), "(not shown)", words, None, origin, SECRET_ADVICE, "secret.in-the-open"),
            )


def _named(path: Path) -> str:
    """What a text is called: by the name of its key; by all names on the way to it from there, where they are free."""
    ends = range(1, len(path) + 1)
    free = (end for end in ends if (shape := declaration().at(path[:end])) is not None and shape.kind == "json")
    names = (end for end in reversed(ends) if not isinstance(path[end - 1], int))
    start = next(free, None) or next(names, len(path))
    return " ".join(str(step) for step in path[start - 1 :] if not isinstance(step, int))


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves((*path, index), inner)
    else:
        yield path, value

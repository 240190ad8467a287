"""The declaration's types in words: what was expected, and what was written."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from rigwright.spec.secret import Secret
from rigwright.spec.shape import Shape

_PLAIN = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
}
_LONGEST = 80
"""Characters of a value that an error quotes."""


def expected(shape: Shape, *, none: bool = True) -> str:
    """What may stand here, e.g. 'a whole number from 1 to 65535' or "one of 'tcp' and 'udp'"."""
    words = shape.form or _of_kind(shape)
    return f"{words}, or None" if shape.optional and none and shape.kind != "json" else words


def _of_kind(shape: Shape) -> str:
    match shape.kind:
        case "model":
            return f"a mapping with the keys {listed(list(shape.fields or {}))}"
        case "list":
            return _of_list(shape.item)
        case "map":
            names = expected(shape.name) if shape.name else "text"
            return f"a mapping of names, each {names}, to entries, each {expected(shape.item) if shape.item else ''}"
        case "json":
            return "a value that JSON can hold"
    return _of_value(shape)


def _of_list(item: Shape | None) -> str:
    if item is None:
        return "a list"
    choices = options(item)
    if choices:
        return f"a list of any of {listed([repr(choice) for choice in choices])}"
    return "a list of texts" if item.annotation is str and not item.form else f"a list, each entry {expected(item)}"


def _of_value(shape: Shape) -> str:
    choices = options(shape)
    if choices:
        return f"one of {listed([repr(choice) for choice in choices])}"
    if shape.annotation == str | int:
        return "a whole number or text"
    words = _PLAIN[shape.annotation]
    pattern = next((bound.pattern for bound in shape.bounds if getattr(bound, "pattern", None)), None)
    if pattern is not None:
        return f"{words} that matches {pattern}"
    return words + _range(shape.bounds)


def _range(bounds: tuple[Any, ...]) -> str:
    least = greatest = None
    for bound in bounds:
        match bound:
            case Ge():
                least = f"{bound.ge}"
            case Gt():
                least = f"more than {bound.gt}"
            case Le():
                greatest = f"{bound.le}"
            case Lt():
                greatest = f"less than {bound.lt}"
    if least and greatest:
        return f" from {least} to {greatest}" if least.isdigit() else f" {least} and at most {greatest}"
    if least:
        return f" of at least {least}" if least.isdigit() else f" {least}"
    return f" of at most {greatest}" if greatest else ""


def options(shape: Shape) -> list[str]:
    """The values that may stand here where they can be listed."""
    if get_origin(shape.annotation) is Literal:
        return list(get_args(shape.annotation))
    return []


def listed(names: list[str]) -> str:
    """'a, b and c'."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_SECRET_KEYS = re.compile(r"password|passwd|passphrase|secret|token|private_key|api_key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"PRIVATE KEY"  # PEM and OpenSSH
    r"|^\$(?:[1256y]|2[abxy]|gy|7|sha1|md5)\$"  # crypt(5)
    r"|(?i:https?)://[^/@\s?#]+@"  # whoever is named in a web URL is named to be let in: a token needs no password
    r"|://[^/@\s:]*:(?!\d+/)[^@\s]+@"  # user and password in a URL; a number before a slash is a port
)


def looks_secret(key: str, value: object) -> bool:
    """Whether a value must not be shown: by the name of its key, or of one in it, or by how it looks.

    What refers to a secret is none: it is elsewhere.
    """
    if isinstance(value, str):
        return bool(_SECRET_TEXT.search(value)) or bool(_SECRET_KEYS.search(key))
    if isinstance(value, dict):
        above = "" if set(value) <= set(Secret.model_fields) else key
        return any(looks_secret(f"{above} {name}", inner) for name, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return any(looks_secret(key, inner) for inner in value)
    return isinstance(value, bytes)


def written(key: str, value: object) -> str:
    """A value as its writer wrote it, shortened; '(not shown)' where it may be a secret.

    ``key``: the last name of its path. References to secrets are shown.
    """
    if looks_secret(key, value):
        return "(not shown)"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

"""The declaration as an inventory file: plain assignments, as people write them, with where each came from."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rigwright.capture.part import FILL_IN, Part
from rigwright.spec.inventory import RESERVED
from rigwright.spec.origin import Path, dotted
from rigwright.spec.shape import declaration

WIDTH = 120
_INDENT = 4


def inventory(name: str, group: str, entry: Mapping[str, Any], part: Part, title: str) -> str:
    """The whole file. ``entry``: connection and declaration of the host; ``title``: one line on where it is from."""
    lines = [f'"""{_plain(title)}"""', ""]
    for heading, texts in _head(entry, part):
        lines += [f"# {heading}", *(line for text in texts for line in _bullet(text)), "#"]
    while lines[-1] == "#":
        lines.pop()
    if lines[-1]:
        lines.append("")
    at = " " * _INDENT
    lines += [f"{group} = [", f"{at}(", f"{at * 2}{_text(name)},"]
    lines += [*_mapping("", entry, part.comments, (), 2 * _INDENT), f"{at}),", "]", ""]
    return "\n".join(lines)


def group_name(name: str, taken: Sequence[str]) -> str:
    """The name of the list that the host stands in: one that no other group, and no key, has."""
    reserved = {*taken, *RESERVED, *(declaration().fields or {})}
    plain = re.sub(r"\W+", "_", name).strip("_").lower()
    wishes = ("captured", f"captured_{plain}", *(f"captured_{plain}_{number}" for number in range(2, 1000)))
    return next(wish for wish in wishes if wish not in reserved)


def gaps(entry: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """What is to be filled in, by its path."""
    if isinstance(entry, Mapping):
        for key, value in entry.items():
            yield from gaps(value, (*path, key))
    elif isinstance(entry, list):
        for index, value in enumerate(entry):
            yield from gaps(value, (*path, index))
    elif isinstance(entry, str) and entry.startswith(FILL_IN):
        yield path, entry.removeprefix(FILL_IN)


def _head(entry: Mapping[str, Any], part: Part) -> Iterator[tuple[str, list[str]]]:
    open_ = [f"{dotted(path)}: {what}" for path, what in gaps(entry)]
    if open_:
        yield "To be filled in, for nothing on the host tells it; `rig check` names the lines:", open_
    if part.secrets:
        yield "To be supplied before an apply:", part.secrets
    if part.notes:
        yield "What the host has and this file does not say:", [f"{note.layer}: {note}" for note in part.notes]


def _bullet(text: str) -> list[str]:
    return textwrap.wrap(
        _plain(text), WIDTH, initial_indent="#   - ", subsequent_indent="#     ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _plain(text: str) -> str:
    """One line, without what would end a text or a comment."""
    return " ".join(text.split()).replace("\\", "/").replace('"""', "'''")


def _mapping(
    before: str, values: Mapping[str, Any], comments: Mapping[Path, str], path: Path, indent: int
) -> Iterator[str]:
    yield f"{' ' * indent}{before}{{"
    for key, value in values.items():
        yield from _entry(f"{_text(key)}: ", value, comments, (*path, key), indent + _INDENT)
    yield f"{' ' * indent}}},"


def _entry(before: str, value: Any, comments: Mapping[Path, str], path: Path, indent: int) -> Iterator[str]:
    at = " " * indent
    if path in comments:
        yield from textwrap.wrap(
            _plain(comments[path]), WIDTH, initial_indent=f"{at}# ", subsequent_indent=f"{at}# ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    inline = f"{at}{before}{_inline(value)},"
    commented = any(other[: len(path)] == path and other != path for other in comments)
    if not isinstance(value, dict | list) or not value or (
        len(inline) <= WIDTH and not commented and _is_small(value)
    ):  # fmt: skip
        yield inline
    elif isinstance(value, dict):
        yield from _mapping(before, value, comments, path, indent)
    else:
        yield f"{at}{before}["
        for index, item in enumerate(value):
            yield from _entry("", item, comments, (*path, index), indent + _INDENT)
        yield f"{at}],"


def _is_small(value: Any) -> bool:
    """Whether it reads well on one line: up to three values without mappings in them, or a list of such."""
    if isinstance(value, dict):
        return len(value) <= 3 and not any(isinstance(inner, dict) and inner for inner in value.values())
    return not any(isinstance(item, dict) for item in value)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_inline(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """In double quotes, unless single ones save escapes."""
    if '"' in value and "'" not in value:
        return repr(value)
    return json.dumps(value, ensure_ascii=False)

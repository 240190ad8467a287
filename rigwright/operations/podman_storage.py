"""One key of /etc/containers/storage.conf, which has no drop-in folder: others' lines stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.files import Contents
from rigwright.operations import files

STORAGE = "/etc/containers/storage.conf"
_WHOLE = "# Written by Rigwright; without this file podman's own defaults hold.\n"
_MARK = "  # rigwright; before: "
_OURS = re.compile(rf"^graphroot\s*=.*?{re.escape(_MARK)}(?P<before>.*)$", re.MULTILINE)
_SECTION = re.compile(r"^\[storage\]\s*(?:#.*)?$", re.MULTILINE)
_KEY = re.compile(r"^[ \t]*graphroot\s*=.*$", re.MULTILINE)


@operation()
def graph_root(path: str | None) -> Generator[StringCommand | str, None, None]:
    """Have podman keep images and volumes under ``path``; None: where it did before we said otherwise.

    What stood there before us is kept in a comment on the same line. Refuses a file that is not valid TOML.
    """
    found = host.get_fact(Contents, paths=[STORAGE])[STORAGE]
    try:
        wanted = with_graph_root(found, path)
    except ValueError as error:
        refuse(host, f"{STORAGE} cannot be changed: {error}; nothing was changed")
    if wanted == found:
        host.noop("podman keeps images where it should")
    elif wanted is None:
        because(f"{STORAGE}: graphroot no longer declared")
        yield f"rm -f -- {STORAGE}"
    else:
        because(f"{STORAGE}: graphroot {_graph_root(found) or 'not set'}, wanted {path or 'as before us'}")
        yield from files.content._inner(dest=STORAGE, text=wanted)


def graph_root_after(text: str | None, path: str | None) -> str | None:
    """What the file says once `graph_root` has been there; None: nothing. For operations: refuses what it refuses."""
    try:
        return _graph_root(with_graph_root(text, path))
    except ValueError as error:
        refuse(host, f"{STORAGE} cannot be changed: {error}; nothing was changed")


def with_graph_root(text: str | None, path: str | None) -> str | None:
    """The file's text with our graphroot in it, or out of it; None: no file. Raises ValueError for broken TOML."""
    if text is None or (text.startswith(_WHOLE) and text == _whole(_graph_root(text))):
        return _whole(path)
    if path is not None and _graph_root(text) == path:
        return text
    if text.startswith(_WHOLE) and not _OURS.search(text):
        text = _KEY.sub(lambda line: line[0] + _MARK, text, count=1)  # others have added lines to a file of ours
    ours = _OURS.search(text)
    before = ours["before"] if ours else None
    if path is None:
        if before is None:
            return text
        changed = _OURS.sub(lambda _: before, text) if before else re.sub(rf"{_OURS.pattern}\n?", "", text, flags=re.M)
    else:
        changed = _with_line(text, before, path)
    if path is not None and _graph_root(changed) != path:
        raise ValueError("no line of it sets [storage] graphroot in a way that is understood")
    return changed


def _whole(path: str | None) -> str | None:
    """The file where nobody else has one."""
    if path is None:
        return None
    return (
        f'{_WHOLE}[storage]\ndriver = "overlay"\nrunroot = "/run/containers/storage"\ngraphroot = {json.dumps(path)}\n'
    )


def _with_line(text: str, before: str | None, path: str) -> str:
    section = _SECTION.search(text)
    if section is None:
        return f"[storage]\ngraphroot = {json.dumps(path)}{_MARK}\n{text}"
    end = re.search(r"^\[", text[section.end() :], re.MULTILINE)
    stop = section.end() + end.start() if end else len(text)
    line = _KEY.search(text, section.end(), stop)
    was = before if before is not None else (line[0] if line else "")
    ours = f"graphroot = {json.dumps(path)}{_MARK}{was}"
    if line:
        return text[: line.start()] + ours + text[line.end() :]
    return f"{text[: section.end()]}\n{ours}{text[section.end() :]}"


def _graph_root(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        storage = tomllib.loads(text).get("storage", {})
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not valid TOML: {error}") from error
    value = storage.get("graphroot") if isinstance(storage, dict) else None
    return value if isinstance(value, str) else None

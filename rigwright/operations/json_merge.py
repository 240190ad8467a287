"""Our keys in a JSON file that others write too: theirs stay, and ours are taken back when no longer declared."""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Collection, Generator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.files import Contents, Files, FileState
from rigwright.operations import files

Path = tuple[str, ...]
Document = dict[str, Any]

NOTHING: Mapping[str, str] = {}
_LINKS = 8
"""More links than this on the way to the file are a loop."""


@dataclass(frozen=True)
class Ours:
    """What we have set in a file. ``was``: path → (value that stood there before us,), or () where there was none."""

    was: Mapping[Path, tuple[JsonValue, ...]]
    created: bool = False

    def text(self) -> str:
        """As kept on the host."""
        keys = [{"path": list(path), **({"was": was[0]} if was else {})} for path, was in sorted(self.was.items())]
        return json.dumps({"created": self.created, "keys": keys}, indent=1) + "\n"

    @classmethod
    def read(cls, text: str | None) -> Ours:
        """The opposite; no file: nothing is ours. Raises ValueError for anything but what `text` wrote."""
        if text is None:
            return cls({})
        try:
            kept = json.loads(text)
            was = {tuple(entry["path"]): (entry["was"],) if "was" in entry else () for entry in kept["keys"]}
            return cls(was, bool(kept["created"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"no record of ours: {error!r}") from error


@operation()
def merged(
    dest: str,
    keys: Mapping[str, JsonValue],
    record: str,
    validate: str | None = None,
    shown: Collection[str] = (),
    options_of: Mapping[str, str] = NOTHING,
) -> Generator[StringCommand | str, None, None]:
    """Have ``keys`` in the JSON object at ``dest``, merged deeply (mappings key by key; lists and scalars whole).

    ``record`` is a file on the host that remembers which keys are ours, and what stood there before: a key that is no
    longer among ``keys`` gets its former value back. Written before ``dest``, so that an interruption forgets nothing.
    A file that we made is removed when nothing is left in it. What is not valid JSON is refused, with the place.
    ``validate`` as for `files.content`. ``shown``: top-level keys whose values the plan may print. ``options_of``: as
    for `merge`.
    """
    place, state = _followed(dest)
    found, wanted, ours, kept = _judged(dest, place, keys, record, options_of)
    kept = Ours(kept.was, ours.created or (found is None and bool(keys)))
    gone = found is not None and not wanted and ours.created
    gaps = differences(found or {}, wanted, shown)
    if not gaps and not gone and kept.was == ours.was:
        host.noop(f"{dest} holds our keys")
        return
    because(f"{dest}: {'; '.join(gaps) or 'the record of our keys is out of date'}")
    both = Ours({**kept.was, **ours.was}, kept.created)
    if both != ours:
        yield _kept(record, both)
    if gone:
        yield f"rm -f -- {shlex.quote(place)}"
    elif wanted != (found or {}):
        text = json.dumps(wanted, indent=4, ensure_ascii=False) + "\n"
        mode, user, group = (state.mode, state.user, state.group) if state else ("644", "root", "root")
        yield files.written(place, text.encode(), mode, user, group, validate)
    if not kept.was:
        yield f"rm -f -- {shlex.quote(record)}"
    elif kept != both:
        yield _kept(record, kept)


def outcome(dest: str, keys: Mapping[str, JsonValue], record: str, options_of: Mapping[str, str] = NOTHING) -> Document:
    """What `merged` would leave at ``dest``. For operations: refuses what it refuses."""
    return _judged(dest, _followed(dest)[0], keys, record, options_of)[1]


def _judged(
    dest: str, place: str, keys: Mapping[str, JsonValue], record: str, options_of: Mapping[str, str]
) -> tuple[Document | None, Document, Ours, Ours]:
    """What stands there and what should, what was ours and what will be."""
    texts = host.get_fact(Contents, paths=[place, record])
    found = _parsed(dest, texts[place])
    try:
        ours = Ours.read(texts[record])
        wanted, kept = merge(found or {}, ours, keys, options_of)
        return found, wanted, ours, kept
    except ValueError as error:
        refuse(host, f"{dest} (with our keys in {record}) cannot be merged: {error}; nothing was changed")


def merge(
    found: Document, ours: Ours, keys: Mapping[str, JsonValue], options_of: Mapping[str, str] = NOTHING
) -> tuple[Document, Ours]:
    """The document with ``keys`` in it and what was ours out of it, and what is ours now.

    ``options_of``: a mapping's key → the key of what its options are for, as log-opts are for log-driver. Options for
    something else than is wanted are no company for ours: then the mapping is replaced whole, as a scalar is.
    Raises ValueError when a mapping is wanted where something else stands.
    """
    document = deepcopy(found)
    wanted = dict(_leaves(keys, whole=_for_another(found, ours, keys, options_of)))
    for path in sorted(set(ours.was) - set(wanted)):
        _put(document, path, ours.was[path])
    was = {path: ours.was[path] if path in ours.was else _get(document, path) for path in wanted}
    for path, value in wanted.items():
        _put(document, path, (value,))
    return document, Ours(was, ours.created)


def differences(found: Document, wanted: Document, shown: Collection[str] = ()) -> list[str]:
    """What changes from one to the other, a line for each key; values only of the top-level keys in ``shown``."""
    before, after = dict(_leaves(found)), dict(_leaves(wanted))
    lines = []
    for path in sorted(set(before) | set(after)):
        name = ".".join(path)
        if path not in after:
            lines.append(f"{name}: no longer declared")
        elif path not in before:
            lines.append(f"{name}: missing" + (f", wanted {json.dumps(after[path])}" if path[0] in shown else ""))
        elif before[path] != after[path]:
            values = f"{json.dumps(before[path])}, wanted {json.dumps(after[path])}"
            lines.append(f"{name}: {values if path[0] in shown else 'differs'}")
    return lines


def _kept(record: str, ours: Ours) -> StringCommand:
    return files.written(record, ours.text().encode(), "600", "root", "root", None)


def _for_another(
    found: Document, ours: Ours, keys: Mapping[str, JsonValue], options_of: Mapping[str, str]
) -> frozenset[Path]:
    """The mappings that are to be taken whole; once taken so they stay so, or the former value would come back."""
    whole = set()
    for options, owner in options_of.items():
        owners = (*_get(found, (owner,)), *ours.was.get((owner,), ()))
        if options in keys and ((options,) in ours.was or any(each != keys.get(owner) for each in owners)):
            whole.add((options,))
    return frozenset(whole)


def _leaves(
    tree: Mapping[str, JsonValue], above: Path = (), whole: frozenset[Path] = frozenset()
) -> Generator[tuple[Path, JsonValue], None, None]:
    for name, value in tree.items():
        path = (*above, name)
        if isinstance(value, Mapping) and value and path not in whole:
            yield from _leaves(value, path, whole)
        else:
            yield path, value


def _get(document: Document, path: Path) -> tuple[JsonValue, ...]:
    node: Any = document
    for name in path:
        if not isinstance(node, dict) or name not in node:
            return ()
        node = node[name]
    return (node,)


def _put(document: Document, path: Path, value: tuple[JsonValue, ...]) -> None:
    """Set a value, or with () remove it, and with it the mappings that it leaves empty."""
    *folders, last = path
    chain = [document]
    for depth, name in enumerate(folders):
        if name not in chain[-1] and not value:
            return
        node = chain[-1].setdefault(name, {})
        if not isinstance(node, dict):
            raise ValueError(f"{'.'.join(path[: depth + 1])} is {json.dumps(node)[:40]}, and a mapping is wanted there")
        chain.append(node)
    if value:
        chain[-1][last] = deepcopy(value[0])
        return
    chain[-1].pop(last, None)
    for node, name in zip(reversed(chain[:-1]), reversed(folders), strict=True):
        if not node[name]:
            del node[name]


def _followed(dest: str) -> tuple[str, FileState | None]:
    """Where the file really is: a link set by somebody else is followed, not replaced."""
    place = dest
    for _ in range(_LINKS):
        state = host.get_fact(Files, paths=[place])[place]
        if state is None or state.target is None:
            break
        place = posixpath.normpath(posixpath.join(posixpath.dirname(place), state.target))
    if state is not None and state.kind != "file":
        refuse(host, f"{dest} is not a file; nothing was changed")
    return place, state


def _parsed(dest: str, text: str | None) -> Document | None:
    if text is None:
        return None
    if not text.strip("\ufeff \t\r\n"):
        return {}
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        refuse(
            host,
            f"{dest} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}; nothing was changed."
            " Repair it or move it away, then run again",
        )
    if not isinstance(found, dict):
        refuse(host, f"{dest} holds no JSON object; nothing was changed. Repair it or move it away, then run again")
    return found

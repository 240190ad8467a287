"""Files that are either as they were or as they should be, never in between."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import shlex
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Files, FileState
from rigwright.templates import render as render  # noqa: PLC0414  # others call it by this module


@operation()
def content(
    dest: str,
    text: str | bytes,
    mode: str = "644",
    user: str = "root",
    group: str = "root",
    validate: str | None = None,
) -> Generator[StringCommand, None, None]:
    """Make ``dest`` a file with exactly this content, owner and mode (octal digits, "644").

    It is written beside its place under umask 077 from standard input (so that no content shows in a process list),
    given owner and mode, checked by ``validate`` (a shell command in which ``{path}`` stands for the new file) and
    renamed. A failed check leaves the old file. Folders on the way are made.
    """
    data = text.encode() if isinstance(text, str) else text
    found = host.get_fact(Files, paths=[dest])[dest]
    digest = hashlib.sha256(data).hexdigest()
    gap = _gap(found, digest, mode, user, group)
    if not gap:
        host.noop(f"{dest} is as declared")
        return
    because(f"{dest}: {gap}")
    yield written(dest, data, mode, user, group, validate)


def written(dest: str, data: bytes, mode: str, user: str, group: str, validate: str | None) -> StringCommand:
    """The command by which `content` writes, for operations that know for themselves what has to be written."""
    path = shlex.quote(dest)
    folder = shlex.quote(posixpath.dirname(dest))
    check = validate.format(path='"$new"') + " && " if validate else ""
    script = (
        f"umask 022; mkdir -p {folder} && umask 077 && new=$(mktemp -p {folder} .rigwright.XXXXXXXX) && "
        f'{{ base64 -d > "$new" && chown {user}:{group} "$new" && chmod {mode} "$new" && {check}'
        f'sync "$new" && mv -fT "$new" {path}; }} || {{ status=$?; rm -f "$new"; exit $status; }}'
    )
    encoded = base64.b64encode(data).decode()
    return StringCommand(script, _stdin=[encoded[i : i + 4096] for i in range(0, len(encoded), 4096)] or [""])


@operation()
def template(
    src: str,
    dest: str,
    context: Mapping[str, Any],
    mode: str = "644",
    user: str = "root",
    group: str = "root",
    validate: str | None = None,
) -> Generator[StringCommand, None, None]:
    """The same from a Jinja2 template: ``src`` is relative to templates/, an undefined name is an error."""
    yield from content._inner(
        dest=dest, text=render(src, context), mode=mode, user=user, group=group, validate=validate
    )


@operation()
def absent(paths: Sequence[str]) -> Generator[str, None, None]:
    """Remove files and links (not folders)."""
    found = host.get_fact(Files, paths=list(paths))
    there = [path for path, state in found.items() if state]
    if not there:
        host.noop("nothing to remove")
        return
    because(", ".join(f"{path}: present, wanted absent" for path in there))
    yield f"rm -f -- {' '.join(map(shlex.quote, there))}"


@operation()
def directory(path: str, mode: str = "755", user: str = "root", group: str = "root") -> Generator[str, None, None]:
    """Make ``path`` a folder with this owner and mode."""
    found = host.get_fact(Files, paths=[path])[path]
    if found and (found.kind, found.mode, found.user, found.group) == ("directory", mode, user, group):
        host.noop(f"{path} is as declared")
        return
    because(f"{path}: {_described(found)}, wanted folder {mode} {user}:{group}")
    yield f"install -d -m {mode} -o {user} -g {group} -- {shlex.quote(path)}"


@operation()
def link(path: str, target: str) -> Generator[str, None, None]:
    """Make ``path`` a symbolic link to ``target``, replaced in one step."""
    found = host.get_fact(Files, paths=[path])[path]
    if found and found.kind == "link" and found.target == target:
        host.noop(f"{path} is as declared")
        return
    because(f"{path}: {_described(found)}, wanted link to {target}")
    quoted = shlex.quote(path)
    yield f"ln -sfT {shlex.quote(target)} {quoted}.rigwright && mv -fT {quoted}.rigwright {quoted}"


def _gap(found: FileState | None, digest: str, mode: str, user: str, group: str) -> str:
    if found is None:
        return "missing"
    if found.kind != "file":
        return f"{_described(found)}, wanted a file"
    differences = []
    if found.sha256 != digest:
        differences.append("content differs")
    if found.mode != mode:
        differences.append(f"mode {found.mode}, wanted {mode}")
    if (found.user, found.group) != (user, group):
        differences.append(f"owner {found.user}:{found.group}, wanted {user}:{group}")
    return ", ".join(differences)


def _described(found: FileState | None) -> str:
    if found is None:
        return "missing"
    if found.kind == "link":
        return f"link to {found.target}"
    return f"{'folder' if found.kind == 'directory' else found.kind} {found.mode} {found.user}:{found.group}"

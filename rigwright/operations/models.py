"""Models: pulled by the program that is on the host for it, from where an interrupted pull ended."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.models import Placed
from rigwright.engine.reasons import because, refuse
from rigwright.facts.models import FileSeen, ModelFiles
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.secret import Secret

GB = 10**9


@operation()
def pulled(
    program: str, plan: Mapping[str, Any], files: Sequence[Placed], tokens: Mapping[str, Secret]
) -> Generator[StringCommand, None, None]:
    """Have every file on the disk, with the hash that is declared; refused where the disk has no room for them.

    ``plan``: what ``program`` is told; ``tokens``: of models that need one. They are read, and sent over the
    connection, only where something is to be pulled.
    """
    root = str(plan["root"])
    state = host.get_fact(ModelFiles, root=root, files=[(each.content, each.link) for each in files])
    gaps = {each: gap for each in files if (gap := _gap(each, state.files.get(each.content, FileSeen())))}
    if not gaps:
        host.noop("all models are there")
        return
    for name in dict.fromkeys(each.model for each in gaps):
        because(_told(name, [each for each in files if each.model == name], gaps))
    for each in gaps:
        if each.url is None and each.text is None and state.files.get(each.content, FileSeen()).size is None:
            refuse(host, f"models.wanted.{each.model}.path: {each.content} is not on the host; put it there")
    _check_room(root, list(gaps), state.files, state.free, int(plan["keep_free_bytes"]))
    yield StringCommand(f"python3 -I {program} pull", _stdin=[_document(plan, list(gaps), tokens)])


def _document(plan: Mapping[str, Any], gaps: Sequence[Placed], tokens: Mapping[str, Secret]) -> str:
    needed = {each.model for each in gaps if each.url is not None}
    try:
        told = {name: read_secret(secret) for name, secret in tokens.items() if name in needed}
    except SecretUnreadable as error:
        refuse(host, f"a token for the Hub is declared (models.token, models.wanted.*.token), and {error}")
    return json.dumps({"plan": plan, "tokens": told})


def _gap(file: Placed, seen: FileSeen) -> str:
    if seen.size is None:
        return "partly there" if seen.part else "missing"
    if seen.digest is None:
        return "not hashed as it is now"
    if seen.digest != file.digest:
        return "another one"
    return "" if file.link is None or seen.linked else "not under its name"


def _told(name: str, files: Sequence[Placed], gaps: Mapping[Placed, str]) -> str:
    mine = [each for each in files if each in gaps]
    kinds = ", ".join(dict.fromkeys(gaps[each] for each in mine))
    size = sum(each.size or 0 for each in mine) / GB
    return f"{name}: {len(mine)} of {len(files)} file{'s' if len(files) > 1 else ''} {kinds} ({size:.2f} GB)"


def _check_room(root: str, gaps: Sequence[Placed], seen: Mapping[str, FileSeen], free: int, keep_free: int) -> None:
    """As fetch checks it again, from nearer by."""
    coming = {each.content: each for each in gaps if each.url is not None}
    needed = sum(
        max(0, (each.size or 0) - (state.part if state.size is None else state.size))
        for each in coming.values()
        for state in (seen.get(each.content, FileSeen()),)
    )
    if needed and free - needed < keep_free:
        refuse(
            host,
            f"models.root = {root}: {needed / GB:.2f} GB are still to come, {free / GB:.2f} GB are free, and "
            f"{keep_free / GB:.2f} GB of them are to stay so (models.keep_free_gb). Nothing was pulled. Free some "
            "(`rig models prune` lists what nobody declares), or declare another disk",
        )

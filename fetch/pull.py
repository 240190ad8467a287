"""Pulling: several files at a time, each from where it was left, hashed before it is given its name."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import httpx2
from huggingface_hub import constants
from huggingface_hub.file_download import http_get
from huggingface_hub.utils._headers import build_hf_headers

from fetch import place, room
from fetch.plan import File, Plan
from fetch.record import FOLDER, Record

# Its own 10 MB are lost whenever a pull is killed: on a slow line, minutes.
constants.DOWNLOAD_CHUNK_SIZE = 2**20
TELL_S = 5
"""How often it is said how far things are."""

Tell = Callable[[str], None]


class Wrong(Exception):
    """What came has another hash than was declared; it has been thrown away."""


def pull(plan: Plan, tokens: Mapping[str, str], tell: Tell) -> list[str]:
    """Have every file there; what could not be had, a line each. Raises `room.NoRoom` before the first byte."""
    (plan.root / FOLDER).mkdir(parents=True, exist_ok=True)
    with _alone(plan, tell):
        record = Record(plan.root)
        missing = _missing(plan, record, tell)
        troubles = [
            f"{each.model}: {each.content} is not there, and there is nowhere to have it from"
            for each in missing
            if each.url is None and each.text is None
        ]
        wanted = [each for each in missing if each.url is not None]
        room.check(plan, wanted)
        if wanted:
            record.begin(wanted)
        troubles += _all_of(plan, wanted, tokens, record, tell)
        _write(plan, [each for each in missing if each.text is not None], record, tell)
        for each in plan.files:
            if record.holds(each):
                place.link(each)
        if not troubles:
            for path, commit in plan.refs.items():
                place.write_ref(path, commit)
    return troubles


def _missing(plan: Plan, record: Record, tell: Tell) -> list[File]:
    """Files that are not there, one for each content; one that is there and was never hashed is hashed now.

    What was pulled and is wrong goes at once, for its room; what is written stays until its successor takes its place.
    """
    missing: dict[str, File] = {}
    for each in plan.files:
        if record.holds(each):
            continue
        if each.content.is_file():
            tell(f"{each.model}: hashing {each.content.name}")
            if place.is_right(each.content, each):
                record.add(each)
                continue
            if each.url is not None:
                tell(f"{each.model}: {each.content.name} is not what is declared, and comes anew")
                each.content.unlink()
        missing.setdefault(str(each.content), each)
    return list(missing.values())


def _all_of(plan: Plan, files: list[File], tokens: Mapping[str, str], record: Record, tell: Tell) -> list[str]:
    if not files:
        return []
    total = sum(each.size or 0 for each in files)
    troubles: list[str] = []
    started, came_before = time.monotonic(), total - room.missing_bytes(files)
    with ThreadPoolExecutor(plan.parallel) as pool:
        running: dict[Future[None], File] = {pool.submit(_one, each, tokens.get(each.model)): each for each in files}
        while running:
            done, _ = wait(running, timeout=TELL_S, return_when=FIRST_COMPLETED)
            for future in done:
                file = running.pop(future)
                error = future.exception()
                if error is None:
                    record.add(file)
                    tell(f"{file.model}: {file.content.name} is there, its hash is right")
                elif isinstance(error, (OSError, ValueError, Wrong, httpx2.HTTPError)):
                    troubles.append(f"{file.model}: {file.url}: {' '.join(str(error).split()) or type(error).__name__}")
                else:
                    raise error
            if not done:
                came = total - room.missing_bytes(running.values())
                speed = (came - came_before) / (time.monotonic() - started) / 1e6
                tell(f"{came / 1e9:.2f} of {total / 1e9:.2f} GB ({100 * came // total} %), {speed:.1f} MB/s")
    return troubles


def _write(plan: Plan, files: list[File], record: Record, tell: Tell) -> None:
    """Those of whose models all the rest is there: a name never leads to what is still to come."""
    for file in files:
        rest = [each for each in plan.files if each.model == file.model and each.text is None]
        if all(record.holds(each) for each in rest):
            place.write(file, plan.root / FOLDER / "text.new")
            record.add(file)
            tell(f"{file.model}: {file.content.name} is there")


def _one(file: File, token: str | None) -> None:
    """Pull one file from where its part ends. Raises what huggingface_hub does, and `Wrong`."""
    assert file.url is not None and file.size is not None
    file.content.parent.mkdir(parents=True, exist_ok=True)
    # Unpacked, a part's size would say nothing of where to go on.
    headers = {**build_hf_headers(token=token or False), "accept-encoding": "identity"}
    with file.part.open("ab") as out:
        there = out.tell()
        if there > file.size:
            out.truncate(0)
            there = 0
        if there < file.size:
            http_get(file.url, out, resume_size=there, headers=headers, expected_size=file.size)
    if not place.is_right(file.part, file):
        found = place.hash_of(file.part, file.digest.partition(":")[0])
        file.part.unlink()
        raise Wrong(f"what came has hash {found}, declared is {file.digest.partition(':')[2]}: it was thrown away")
    place.put(file)


@contextmanager
def _alone(plan: Plan, tell: Tell) -> Iterator[None]:
    """One at a time on a root: a second one waits."""
    with (plan.root / FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another pull is under way here: waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

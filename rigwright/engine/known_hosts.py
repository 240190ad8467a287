"""known_hosts: the keys that a host is known by, and others in their place; every other line stays as it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paramiko import HostKeys, PKey, SSHException
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey
from paramiko.util import constant_time_bytes_eq
from pyinfra.connectors.sshuserclient import client as user_client

_HASHED = "|1|"
REVOKED = "@revoked"
ASIDE = ".old"
"""How the file of before is called, as ssh-keygen -R leaves it."""


@dataclass(frozen=True)
class Papers:
    """What a host is known by. ``names``: those that count for it in known_hosts, the declared way in first;
    ``files``: where they are looked for; new lines go to the first."""

    names: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def keys(self) -> list[PKey]:
        """All of its keys, under whichever of its names; of a kind there may be several, as ssh itself has it."""
        texts = [_text(file) for file in self.files]
        found = [key for name in self.names for text in texts for key in keys_of(text, name)]
        return [key for number, key in enumerate(found) if key not in found[:number]]

    def revoked(self, key: PKey) -> bool:
        """Whether some line says that this key counts for nobody any more."""
        return any(is_revoked(_text(file), key) for file in self.files)

    def replace(self, keys: Sequence[PKey]) -> None:
        """From now on these are its keys, and no others. Raises OSError; no file is left by halves.

        What a file held before lies beside it as ``*.old``.
        """
        # New ones first: cut off in between, the host is known by too much of what is its own, and not by nothing.
        for number, file in enumerate(self.files):
            before = _text(file)
            after = replaced(before, self.names, keys if number == 0 else ())
            if after != before:
                _write(file, before, after)
        cached = getattr(user_client.get_host_keys, "cache", None)
        if cached is not None:
            cached.clear()  # pyinfra reads every file once in the life of the process


def keys_of(text: str, name: str) -> list[PKey]:
    """The keys that known_hosts gives a host, in order."""
    return [key for line in text.splitlines() if _names(line, [name]) for key in _key_of(line)]


def replaced(text: str, names: Collection[str], keys: Sequence[PKey]) -> str:
    """The file with these keys for each of the names, in place of all others; hashed, where the old ones were.

    Lines with a marker (authorities, revoked keys), patterns and comments stay.
    """
    old = [line for line in text.splitlines(keepends=True) if _names(line, names)]
    kept = "".join(line for line in text.splitlines(keepends=True) if line not in old)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    hashed = any(line.startswith(_HASHED) for line in old)
    called = [HostKeys.hash_host(name) if hashed else name for name in names]
    return kept + "".join(f"{name} {key.get_name()} {key.get_base64()}\n" for name in called for key in keys)


def is_revoked(text: str, key: PKey) -> bool:
    """Whether a line revokes the key, for whomever."""
    lines = (line.split() for line in text.splitlines() if line.startswith(REVOKED))
    return any(key.get_base64() in fields for fields in lines)


def _names(line: str, names: Collection[str]) -> bool:
    """Whether a line is of a host with one of these names."""
    fields = line.split(maxsplit=1)
    if len(fields) < 2 or fields[0].startswith("#"):
        return False  # where there is a marker, that is the first field, and nobody's name
    return any(_is(each, name) for each in fields[0].split(",") for name in names)


def _is(written: str, name: str) -> bool:
    if not written.startswith(_HASHED):
        return written == name
    return written.count("|") == 3 and constant_time_bytes_eq(HostKeys.hash_host(name, written), written)


def _key_of(line: str) -> Iterator[PKey]:
    try:
        entry = HostKeyEntry.from_line(" ".join(line.split()))
    except (InvalidHostKey, SSHException, ValueError):
        return  # ssh passes over such a line, too
    if entry is not None and entry.key is not None:
        yield entry.key


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _write(file: Path, before: str, after: str) -> None:
    """In one step, so that a cut leaves the one or the other; through a link to the file that is meant."""
    place = file.resolve()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before:
        _put(place.with_name(f"{place.name}{ASIDE}"), before, place)
    _put(place, after, place)


def _put(place: Path, text: str, like: Path) -> None:
    number, aside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if like.exists():
            shutil.copymode(like, aside)
        Path(aside).replace(place)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise

"""Files added to an initrd: a cpio archive (newc) behind the one that is there; the kernel unpacks both, in order.

Format: cpio(5), 'New ASCII Format'; several archives in one initrd: the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from rigwright.installer.payload import File

FOLDER, REGULAR = 0o040000, 0o100000
ALIGNED = 4


def extended(initrd: bytes, files: Mapping[str, File]) -> bytes:
    """An initrd (gzip) with these files added: path without the first slash → file."""
    return _padded(initrd) + gzip.compress(archive(files), mtime=0)


def archive(files: Mapping[str, File]) -> bytes:
    """A cpio archive of them, with the folders that they are in. Who unpacks it owns them: root."""
    entries = [*_folders(files), *((name, REGULAR | _mode(each), each.data) for name, each in sorted(files.items()))]
    written = [_entry(number, *entry) for number, entry in enumerate(entries, 1)]
    return b"".join([*written, _entry(0, "TRAILER!!!", 0, b"")])


def _folders(files: Mapping[str, File]) -> Iterator[tuple[str, int, bytes]]:
    above = {str(folder) for name in files for folder in PurePosixPath(name).parents if str(folder) != "."}
    for folder in sorted(above):
        yield folder, FOLDER | 0o700, b""


def _mode(file: File) -> int:
    return 0o600 if file.secret else 0o644


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    links = 2 if mode & FOLDER else 1
    encoded = name.encode() + b"\0"
    numbers = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % each for each in numbers)
    return _padded(header + encoded) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNED)

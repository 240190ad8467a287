"""Files out of a Debian package, on a machine that need not be Debian (deb(5), ar(5))."""

from __future__ import annotations

import tarfile
from collections.abc import Collection
from io import BufferedReader
from pathlib import Path

HEADER = 60
"""Bytes of a member's header in an ar archive."""


def files_in(package: Path, wanted: Collection[str], part: str = "data") -> dict[str, bytes]:
    """Path without './' → content, of the wanted regular files. ``part``: 'data', or 'control' for the package's own.

    Raises ValueError where it is no package, or one of them is not in it.
    """
    found: dict[str, bytes] = {}
    with package.open("rb") as file:
        _seek(file, package, f"{part}.tar")
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name in wanted and member.isfile():
                    content = archive.extractfile(member)
                    assert content is not None, "a regular file"
                    found[name] = content.read()
                if len(found) == len(wanted):
                    return found
    missing = sorted(set(wanted) - set(found))
    raise ValueError(f"{package.name} has no {', '.join(missing)}")


def _seek(file: BufferedReader, package: Path, wanted: str) -> None:
    """Go to where the member of this name begins."""
    if file.read(8) != b"!<arch>\n":
        raise ValueError(f"{package.name} is no Debian package")
    while header := file.read(HEADER):
        name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if name.startswith(wanted):
            return
        file.seek(size + size % 2, 1)
    raise ValueError(f"{package.name} has no {wanted}")

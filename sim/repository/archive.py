"""Apt archives: packages with their index, kept in the cache; and what a repository signs anew at each publication."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir
from sim.repository.keys import Key

OTHER = ".signed-by-another"
"""Folder beside InRelease with the same file signed by a key that nobody was told of."""


@dataclass(frozen=True)
class Archive:
    """The part of a repository that does not change: the folder over which Release stands, without that file.

    `release` are the fields of Release by which the vendor's own names itself.
    """

    folder: Path
    release: Mapping[str, str]


def flat(name: str, key: str, release: Mapping[str, str], fill: Callable[[Path], None]) -> Archive:
    """An archive without dists: `fill` puts the packages beside their index, as both of NVIDIA's repositories do."""

    def build(folder: Path) -> None:
        fill(folder)
        write_index(folder, ".", folder)

    return Archive(built_once(cache_dir() / "repositories" / f"{name}-{key}", build), release)


def write_index(top: Path, packages: str, folder: Path) -> None:
    """Writes Packages and Packages.gz into `folder`, of what lies below `packages`, a path from `top`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = programs.run(["apt-ftparchive", "packages", packages], cwd=top)
    (folder / "Packages").write_text(text)
    (folder / "Packages.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def publish(archive: Archive, folder: Path, key: Key, date: int) -> None:
    """Lays `archive` out in the new folder `folder`, dated `date` (seconds since the epoch) and signed.

    apt takes nothing older than what it has: each publication at one address needs a later date than the one before.
    """
    folder.mkdir(parents=True)
    for entry in archive.folder.iterdir():
        (folder / entry.name).symlink_to(entry)
    options = [
        word for name, value in archive.release.items() for word in ("-o", f"APT::FTPArchive::Release::{name}={value}")
    ]
    release = programs.run(["apt-ftparchive", *options, "release", "."], cwd=archive.folder)
    # apt-ftparchive knows the present time only.
    dated = re.sub(r"^Date: .*$", f"Date: {formatdate(date, usegmt=True)}", release, flags=re.MULTILINE)
    (folder / "Release").write_text(dated)
    key.sign(folder / "Release", folder)


def sign_as_other(folder: Path, key: Key) -> None:
    """Has a published folder a second set of signatures, by `key`, in OTHER."""
    key.sign(folder / "Release", folder / OTHER)

"""Owners by name: a number that a user had before the reinstall may be another one's now."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owners:
    """Numbers of a snapshot → numbers of this host, for names that are known in both."""

    users: Mapping[int, int]
    groups: Mapping[int, int]

    def same(self, here: os.stat_result, uid: int, gid: int) -> bool:
        """Whether what is here is owned as it was in the snapshot."""
        return (here.st_uid, here.st_gid) == (self.users.get(uid, uid), self.groups.get(gid, gid))

    def given(self, tree: Path) -> None:
        """Give everything in a tree, fetched with the snapshot's numbers, to whom it belongs here."""
        for path in (tree, *tree.rglob("*")):
            seen = path.lstat()
            wanted = (self.users.get(seen.st_uid, seen.st_uid), self.groups.get(seen.st_gid, seen.st_gid))
            if wanted != (seen.st_uid, seen.st_gid):
                os.chown(path, *wanted, follow_symlinks=False)
                if not path.is_symlink():
                    path.chmod(seen.st_mode & 0o7777)  # the kernel takes setuid away with an owner


def owners(users: Mapping[str, str], groups: Mapping[str, str]) -> Owners:
    """From a manifest's numbers and names."""
    return Owners(
        {int(uid): found for uid, name in users.items() if (found := _uid(name)) is not None},
        {int(gid): found for gid, name in groups.items() if (found := _gid(name)) is not None},
    )


def _uid(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _gid(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None

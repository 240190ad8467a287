"""Whether the disk has room for what is to come, asked before the first byte."""

from __future__ import annotations

import os
from collections.abc import Iterable

from fetch.plan import File, Plan

GB = 10**9


class NoRoom(Exception):
    """The disk is too small; the text says by how much."""


def missing_bytes(files: Iterable[File]) -> int:
    """What has still to come of files that are not there: their sizes, less what their parts hold."""
    return sum(max(0, (each.size or 0) - _size(each)) for each in {each.content: each for each in files}.values())


def check(plan: Plan, files: Iterable[File]) -> None:
    """Raises `NoRoom` where these files would leave less than is to stay free."""
    needed = missing_bytes(files)
    found = os.statvfs(plan.root)
    free = found.f_bavail * found.f_frsize
    if needed and free - needed < plan.keep_free_bytes:
        short = plan.keep_free_bytes - (free - needed)
        raise NoRoom(
            f"{needed / GB:.2f} GB are still to come, {free / GB:.2f} GB are free under {plan.root}, and "
            f"{plan.keep_free_bytes / GB:.2f} GB of them are to stay so: {short / GB:.2f} GB too little. "
            "Nothing was pulled. Free some (`rig models prune` lists what nobody declares), "
            "lower models.keep_free_gb, or declare another disk"
        )


def _size(file: File) -> int:
    try:
        return file.part.stat().st_size
    except OSError:
        return 0

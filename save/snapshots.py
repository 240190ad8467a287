"""What is in the repository, as `rig backup list` shows it."""

from __future__ import annotations

import calendar
import json
import re
import time
from typing import Any

from save.places import MANIFEST, STAGE
from save.plan import Plan
from save.restic import Restic

_TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$")


def listed(plan: Plan) -> list[dict[str, Any]]:
    """Of this host, the oldest first: ``id``, ``taken_at`` (seconds since the epoch), ``bytes`` (of all that can be
    put back), ``paths``. Raises `Trouble`."""
    restic = Restic(plan)
    return [
        {
            "id": str(each["short_id"]),
            "taken_at": taken_at(each),
            "bytes": _bytes(restic, each),
            "paths": _paths(each, plan),
        }
        for each in restic.snapshots(plan.host)
    ]


def taken_at(snapshot: dict[str, Any]) -> float:
    """When a snapshot was made, seconds since the epoch."""
    return nanoseconds(str(snapshot["time"])) / 1e9


def nanoseconds(text: str) -> int:
    """Of ``2026-11-25T22:53:23.989831401+01:00``, since the epoch."""
    matched = _TIME.match(text)
    if matched is None:
        raise ValueError(f"{text} is no time of restic's")
    seconds = calendar.timegm(time.strptime(matched[1], "%Y-%m-%dT%H:%M:%S"))
    if matched[3] != "Z":
        hours, minutes = matched[3][1:].split(":")
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds -= offset if matched[3][0] == "+" else -offset
    return seconds * 10**9 + int((matched[2] or "").ljust(9, "0")[:9])


def _bytes(restic: Restic, snapshot: dict[str, Any]) -> int:
    """restic before 0.17 does not write it down, and has to reckon it."""
    summary = snapshot.get("summary")
    if isinstance(summary, dict):
        return int(summary["total_bytes_processed"])
    told = json.loads(restic.said("stats", "--json", "--no-lock", "--mode", "restore-size", str(snapshot["id"])))
    return int(told["total_size"])


def _paths(snapshot: dict[str, Any], plan: Plan) -> list[str]:
    own = {*plan.also, str(STAGE), str(STAGE / MANIFEST)}
    return [str(path) for path in snapshot["paths"] if path not in own]

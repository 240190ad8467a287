"""What the program is told: the plan, which anybody may read, and the secrets, which root alone may."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from save.errors import Trouble

FOLDER = Path("/etc/rigwright/backup")


@dataclass(frozen=True)
class Item:
    """State of one thing: see `rigwright.choice.keepsake.Keepsake`."""

    name: str
    paths: Sequence[str]
    exclude: Sequence[str] = ()
    stopped: Sequence[str] = ()
    reloaded: Sequence[str] = ()


@dataclass(frozen=True)
class Plan:
    """``host``: the name that its snapshots go under; ``disk``: what must be mounted for the repository to be the one
    that is meant; ``ssh_command``: how restic comes to a place behind SFTP; ``also``: files that go with every snapshot
    and are never put back; ``keep``: snapshots left of days, weeks, months."""

    host: str
    repository: str
    disk: str | None
    ssh_command: str | None
    items: Sequence[Item]
    also: Sequence[str]
    exclude: Sequence[str]
    keep: Mapping[str, int]
    check_days: int
    secrets: Mapping[str, str]


def read(folder: Path = FOLDER) -> Plan:
    """Both files. Raises `Trouble` where one is missing or is not what `rig apply` writes."""
    told = _json(folder / "plan.json")
    try:
        items = [Item(**item) for item in told.pop("items")]
        return Plan(items=items, secrets=_json(folder / "secrets.json"), **told)
    except (TypeError, KeyError) as error:
        raise Trouble(f"{folder}/plan.json is not of this version: rig apply") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}: rig apply") from error
    except ValueError:
        raise Trouble(f"{path} is broken: rig apply") from None
    if not isinstance(found, dict):
        raise Trouble(f"{path} is broken: rig apply")
    return found

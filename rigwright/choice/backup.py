"""What the program that makes backups is told, of a declaration."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from rigwright.catalog import Catalog
from rigwright.choice.keepsakes import keepsakes
from rigwright.choice.models import placed
from rigwright.choice.runtimes.quadlet import word
from rigwright.spec.rig import Rig

FOLDER = "/etc/rigwright/backup"
PLAN = f"{FOLDER}/plan.json"
SECRETS = f"{FOLDER}/secrets.json"
IDENTITY = f"{FOLDER}/identity"
KNOWN_HOSTS = f"{FOLDER}/known_hosts"
MODELS = f"{FOLDER}/models.txt"
"""Which models there were: names, sources and digests; their bytes are pulled again."""
STATE = "/var/lib/rigwright-backup"
RECORD = f"{STATE}/record.json"
"""How the last run ended, and which repository is this installation's; the program writes it."""
PROGRESS = "/run/rigwright-backup/progress"
"""One line: what is being done; there while the service runs."""
PROGRAM = "/opt/rigwright/save.pyz"
UNIT = "rigwright-backup.service"
TIMER = "rigwright-backup.timer"
PASSWORD = "RESTIC_PASSWORD"  # the variable's name
_SCP = re.compile(r"^sftp:(?P<whom>[^:/]+@[^:/]+):\S+$")


def is_there(rig: Rig) -> bool:
    """Whether there are backups at all."""
    return rig.backup.repository is not None


def is_local(repository: str) -> bool:
    """Whether it is a folder of the host."""
    return repository.startswith("/")


def disk_of(rig: Rig, path: str) -> str | None:
    """The mount point of the declared disk that a path lies on; None: it is the system's, or nobody declares it."""
    mounts = [disk.mount for disk in rig.base.disks.values() if PurePosixPath(path).is_relative_to(disk.mount)]
    return max(mounts, key=len, default=None)


def ssh_target(repository: str) -> tuple[str, int] | None:
    """'user@host' and the port of a repository behind SFTP; None of any other."""
    if matched := _SCP.match(repository):
        return matched["whom"], 22
    if not repository.startswith("sftp://"):
        return None
    address = urlsplit(repository)
    return f"{address.username}@{address.hostname}", address.port or 22


def ssh_command(repository: str) -> str | None:
    """How restic comes to a repository behind SFTP: by this key alone, to this host alone, and nobody is asked."""
    found = ssh_target(repository)
    if found is None:
        return None
    words = [
        "ssh", "-F", "none", "-p", str(found[1]), "-i", IDENTITY, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
        "-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={KNOWN_HOSTS}",
        "-o", "GlobalKnownHostsFile=none", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=30",
        found[0], "-s", "sftp",
    ]  # fmt: skip
    return shlex.join(words)


def known_hosts(rig: Rig) -> str:
    """The file by which ssh knows the other side."""
    found = ssh_target(rig.backup.repository or "")
    if found is None or rig.backup.sftp is None:
        return ""
    name = found[0].partition("@")[2]
    called = name if found[1] == 22 else f"[{name}]:{found[1]}"
    return "".join(f"{called} {key}\n" for key in rig.backup.sftp.host_keys)


def plan(rig: Rig, catalog: Catalog) -> dict[str, Any]:
    """All that the program is told but secrets (save/plan.py reads it)."""
    backup = rig.backup
    assert backup.repository is not None
    return {
        "host": rig.name,
        "repository": backup.repository,
        "disk": disk_of(rig, backup.repository) if is_local(backup.repository) else None,
        "ssh_command": ssh_command(backup.repository),
        "items": [asdict(each) for each in keepsakes(rig, catalog)],
        "also": [PLAN, MODELS],
        "exclude": list(backup.exclude),
        "keep": backup.keep.model_dump(),
        "check_days": backup.check_days,
    }


def plan_text(rig: Rig, catalog: Catalog) -> str:
    """The same as a file."""
    return json.dumps(plan(rig, catalog), indent=1, sort_keys=True) + "\n"


def secrets_text(values: Mapping[str, str]) -> str:
    """The file of secrets: restic's variables and their values."""
    return json.dumps(dict(values), indent=1, sort_keys=True) + "\n"


def identity_text(key: str) -> str:
    """A private key as ssh reads it: with the line break at its end that reading a secret takes away."""
    return f"{key}\n"


def models_text(rig: Rig) -> str:
    """Which models there are: for each its source, and every file with its size in bytes and its digest."""
    lines = ["# The models of this host: name, source, files (bytes, digest). `rig apply` pulls them again."]
    files = placed(rig)
    for name, model in rig.models.wanted.items():
        lines.append(f"{name}: {model.source}")
        lines += [f"  {each.used} {each.size or '?'} {each.digest}" for each in files if each.model == name]
    return "\n".join(lines) + "\n"


def folder_line(rig: Rig) -> str | None:
    """The unit's line that makes the repository's folder, never on the disk under the one that is meant; None: it is
    no folder. Whether the disk is mounted, the program says."""
    repository = rig.backup.repository
    if repository is None or not is_local(repository):
        return None
    disk = disk_of(rig, repository)
    mounted = f"mountpoint -q {disk} || exit 0; " if disk else ""
    return f"ExecStartPre=+/bin/sh -c '{mounted}mkdir -p -m 700 {repository}'"


def hook_lines(rig: Rig) -> dict[str, str]:
    """Key → the unit's line for the command that is declared there; outside the sandbox: only its owner knows what it
    does."""
    before, on_failure = ([word(each) for each in words] for words in (rig.backup.before, rig.backup.on_failure))
    unless = """/bin/sh -c 'if [ "$$SERVICE_RESULT" = success ]; then exit 0; fi; exec "$$@"' sh"""
    return {
        "before": f"ExecStartPre=+{' '.join(before)}",
        "on_failure": f"ExecStopPost=+{unless} {' '.join(on_failure)}",
    }


def writable(rig: Rig, catalog: Catalog) -> list[str]:
    """Where the service must be able to write: a repository that is a folder, and beside databases, which SQLite
    itself opens no other way."""
    assert rig.backup.repository is not None
    own = [rig.backup.repository] if is_local(rig.backup.repository) else []
    kept = [path for each in keepsakes(rig, catalog) for path in each.paths if "*" not in path]
    return sorted({*own, *(path for path in kept if not path.startswith("/etc/"))})

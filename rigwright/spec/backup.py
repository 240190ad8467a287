"""Layer `backup`: what must survive a reinstall, kept by restic in a repository that is elsewhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rigwright.spec.model import Model, key
from rigwright.spec.runtimes import VariableName
from rigwright.spec.secret import Secret

SavedPath = Annotated[
    str,
    Field(
        pattern=r"^/[^\s*?\[\\]*[^\s*?\[\\/]$",
        description="an absolute path without blanks and wildcards, and without a slash at its end",
    ),
]
HostKey = Annotated[
    str,
    Field(
        pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( .*)?$",
        description="a public host key as ssh-keyscan shows it, without the name before it: 'ssh-ed25519 AAAA...'",
    ),
]


class Keep(Model):
    """So many snapshots are left, counted back from the newest, and all of the last 24 hours; others go."""

    daily: int = key(7, "of so many days the last one", ge=0, le=1000)
    weekly: int = key(5, "of so many weeks the last one", ge=0, le=1000)
    monthly: int = key(12, "of so many months the last one", ge=0, le=1000)


class Sftp(Model):
    """How a repository behind SFTP is reached."""

    identity: Secret = key(
        description="where the private SSH key is read from by which the host comes in, one without a passphrase",
        form="a reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}",
    )
    host_keys: list[HostKey] = key(
        description="the public host keys by which the other side is known",
        form="a list of public keys, ['ssh-ed25519 AAAA...']",
        min_length=1,
    )


class Backup(Model):
    """What must survive a reinstall. Without a repository there is no backup."""

    repository: str | None = key(
        None,
        "where restic keeps it: a folder, or a place behind SFTP, S3 or restic's REST server; None: nowhere",
        pattern=r"^(/[^\s]*[^/\s]|sftp:[^\s@:/-][^\s@:/]*@[^\s@:/]+:\S+"
        r"|sftp://[^\s@:/-][^\s@:/]*@[^\s@:/]+(:[0-9]+)?/\S+|s3:\S+/\S+|rest:https?://\S+)$",
        form="a folder's absolute path, 'sftp:user@host:/path', 'sftp://user@host:2222//path', "
        "'s3:https://host/bucket' or 'rest:https://host:8000/path'",
    )
    password: Secret | None = key(
        None,
        "what the repository is encrypted by: without it nobody gets anything back",
        form="a reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}",
    )
    environment: dict[VariableName, Secret] = key(
        default_factory=dict,
        description="further secrets that restic needs for the place, by the variables that it reads them from",
        form="a mapping of names to where each secret is read from, {'AWS_ACCESS_KEY_ID': {'env': 'S3_ID'}}",
    )
    sftp: Sftp | None = key(None, "how a repository behind SFTP is reached")
    paths: list[SavedPath] = key(
        default_factory=list,
        description="files and folders beside what the layers themselves keep (`rig backup list` names all)",
        form="a list of absolute paths, ['/home/me/notebooks']",
    )
    exclude: list[str] = key(
        default_factory=list,
        description="what is left out, as restic's --exclude has it",
        form="a list of patterns, ['*.tmp', '/home/me/notebooks/cache']",
    )
    keep: Keep = key(default_factory=Keep, description="how long snapshots are kept")
    schedule: str = key(
        "daily",
        "when, as systemd.time(7) has it; what was missed while the host was off is made up for",
        pattern=r"^[A-Za-z0-9*,:~./+-]+( [A-Za-z0-9*,:~./+-]+)*$",
        form="a calendar event of systemd's, e.g. 'daily', '*-*-* 03:30' or 'Mon,Thu 04:00'",
    )
    stale_after_h: int = key(
        50, "the newest snapshot must not be older, h", ge=1, le=24 * 366, unproved="is what the proof itself goes by"
    )
    check_days: int = key(
        7, "the repository is checked (`restic check`) after a backup when the last check is so old, days", ge=1, le=366
    )
    before: list[str] = key(
        default_factory=list,
        description="a command that runs first, as root, word by word: it dumps a database, say. Where it fails, so "
        "does the backup",
        form="a list of a program's absolute path and its arguments",
    )
    on_failure: list[str] = key(
        default_factory=list,
        description="a command that runs, as root, when a backup has failed: it tells somebody, say",
        form="a list of a program's absolute path and its arguments",
    )

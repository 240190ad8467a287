"""Rules over backups."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import UUID, Case, Parts
from tests.unit.rules.cases_runtimes import own, runtimes

PASSWORD = {"env": "BACKUP_PASSWORD"}
SFTP = {"identity": {"file": "/x"}, "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOWN"]}
DISK: Parts = {"base": {"disks": {"backup": {"uuid": UUID, "mount": "/backup"}}}}
S3_KEYS = {"AWS_ACCESS_KEY_ID": {"env": "ID"}, "AWS_SECRET_ACCESS_KEY": {"env": "KEY"}}


def backup(more: Parts | None = None, **keys: Any) -> Parts:
    return {**(more or {}), "backup": {"repository": "rest:https://nas:8000/rig", "password": PASSWORD, **keys}}


def on_disk(**keys: Any) -> Parts:
    return backup(DISK, **{"repository": "/backup/rig", **keys})


def beside_models(**keys: Any) -> Parts:
    models = {"wanted": {"m": {"path": "/srv/models/m.gguf", "sha256": "0" * 64}}}
    return backup({"models": models}, **keys)


BACKUP = [
    Case("backup.no-repository", "backup.repository", {"backup": {"password": PASSWORD}}, backup()),
    Case("backup.no-repository", "backup.repository", {"backup": {"paths": ["/x"]}}, backup(paths=["/x"]), "paths"),
    Case("backup.no-password", "backup.password", backup(password=None), backup()),
    Case(
        "backup.no-s3-key",
        "backup.environment.AWS_SECRET_ACCESS_KEY",
        backup(repository="s3:https://s3.example/b", environment={"AWS_ACCESS_KEY_ID": {"env": "ID"}}),
        backup(repository="s3:https://s3.example/b", environment=S3_KEYS),
    ),
    Case(
        "backup.variable-of-ours",
        "backup.environment.RESTIC_PASSWORD",
        backup(environment={"RESTIC_PASSWORD": {"env": "X"}}),
        backup(environment={"RESTIC_REST_USERNAME": {"env": "X"}}),
    ),
    Case(
        "backup.sftp-missing",
        "backup.sftp",
        backup(repository="sftp:me@nas:/rig"),
        backup(repository="sftp:me@nas:/rig", sftp=SFTP),
    ),
    Case("backup.sftp-unused", "backup.sftp", backup(sftp=SFTP), backup(repository="sftp://me@nas:2//rig", sftp=SFTP)),
    Case("backup.path-of-the-kernel", "backup.paths.1", backup(paths=["/x", "/proc/1"]), backup(paths=["/x"])),
    Case("backup.path-of-the-kernel", "backup.paths.0", backup(paths=["/x/../run"]), backup(paths=["/x"]), "by .."),
    Case(
        "backup.path-holds-models",
        "backup.paths.0",
        beside_models(paths=["/srv"]),
        beside_models(paths=["/srv"], exclude=["/srv/models"]),
    ),
    Case(
        "backup.repository-in-itself",
        "backup.repository",
        on_disk(paths=["/backup/rig/notes"]),
        on_disk(paths=["/notes"]),
    ),
    Case(
        "backup.repository-in-itself",
        "backup.repository",
        backup(runtimes(page=own()), repository="/var/lib/rigwright/runtimes/page/data/rig"),
        backup(runtimes(page=own())),
        "a runtime's data",
    ),
    Case("backup.same-disk", "backup.repository", backup(repository="/mnt/rig"), on_disk()),
    Case("backup.same-disk", "backup.repository", on_disk(paths=["/backup/notes"]), on_disk(), "a path's"),
    Case("backup.stale-before-due", "backup.stale_after_h", backup(stale_after_h=24), backup(stale_after_h=25)),
    Case(
        "backup.stale-before-due",
        "backup.stale_after_h",
        backup(schedule="Mon,Thu 04:00", stale_after_h=96),
        backup(schedule="Mon,Thu 04:00", stale_after_h=97),
        "some days",
    ),
    Case("backup.command", "backup.before.0", backup(before=["pg_dump"]), backup(before=["/usr/bin/pg_dump"])),
    Case("backup.command", "backup.on_failure.0", backup(on_failure=["mail"]), backup(on_failure=["/bin/mail"])),
    Case(
        "backup.keep-nothing",
        "backup.keep",
        backup(keep={"daily": 0, "weekly": 0, "monthly": 0}),
        backup(keep={"daily": 0, "weekly": 0, "monthly": 1}),
    ),
]

"""Backups go somewhere, can be read again, hold what is meant and nothing else, and come before they are missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from rigwright.catalog import Catalog
from rigwright.choice.backup import disk_of, is_local, ssh_target
from rigwright.choice.calendar import longest_gap_h
from rigwright.choice.keepsakes import keepsakes
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

S3_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
OWNERS = ("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD")
"""Of restic's own variables those that only the owner knows; the others follow from what is declared."""
NOT_SAVED = ("/proc", "/sys", "/dev", "/run")
"""What is nobody's state."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of layer `backup`."""
    if rig.backup.repository is None:
        yield from _nowhere(rig)
        return
    yield from _secrets(rig, rig.backup.repository)
    yield from _paths(rig)
    if is_local(rig.backup.repository):
        yield from _folder(rig, catalog, rig.backup.repository)
    yield from _when(rig)
    yield from _commands(rig)
    if not any(rig.backup.keep.model_dump().values()):
        yield Finding(
            "backup.keep-nothing",
            "backup.keep",
            None,
            "at least one of daily, weekly and monthly over 0: else nothing is left of before yesterday",
            "Say how many are to be kept, e.g. {'daily': 7}.",
            rests_on=("backup.keep.daily", "backup.keep.weekly", "backup.keep.monthly"),
        )


def _nowhere(rig: Rig) -> Iterator[Finding]:
    if rig.backup.password is None and not rig.backup.paths:
        return
    yield Finding(
        "backup.no-repository",
        "backup.repository",
        None,
        "a place: backups are declared, and none is made without it",
        "Add it, e.g. 'sftp:me@nas:/volume/rig', or remove the other keys.",
        rests_on=("backup.password", "backup.paths"),
    )


def _secrets(rig: Rig, repository: str) -> Iterator[Finding]:
    backup = rig.backup
    if backup.password is None:
        yield Finding(
            "backup.no-password",
            "backup.password",
            None,
            "a reference to the password that the repository is encrypted by",
            "Add it, e.g. {'command': ['pass', 'show', 'rig-backup']}, and keep it elsewhere, too: without it nobody "
            "reads the backups again.",
            rests_on=("backup.repository",),
        )
    if repository.startswith("s3:"):
        for name in S3_KEYS:
            if name not in backup.environment:
                yield Finding(
                    "backup.no-s3-key",
                    f"backup.environment.{name}",
                    None,
                    "a reference to a secret: the repository is behind S3",
                    "Add it.",
                    rests_on=("backup.repository", "backup.environment.*"),
                )
    for name in backup.environment:
        if name.startswith("RESTIC_") and name not in OWNERS:
            yield Finding(
                "backup.variable-of-ours",
                f"backup.environment.{name}",
                None,
                f"no variable that follows from other keys; of restic's own: {' and '.join(OWNERS)}",
                "Remove it: place and password are backup.repository and backup.password.",
            )
    behind_ssh = ssh_target(repository) is not None
    if behind_ssh and backup.sftp is None:
        yield Finding(
            "backup.sftp-missing",
            "backup.sftp",
            None,
            "the key to come in by, and the other side's host keys: nobody is there to be asked",
            "Add it: {'identity': {'file': '~/.ssh/rig-backup'}, 'host_keys': ['ssh-ed25519 AAAA...']}.",
            rests_on=("backup.repository",),
        )
    if backup.sftp is not None and not behind_ssh:
        yield Finding(
            "backup.sftp-unused",
            "backup.sftp",
            None,
            "none: the repository is not behind SFTP",
            "Remove it, or change the repository.",
            rests_on=("backup.repository",),
        )


def _paths(rig: Rig) -> Iterator[Finding]:
    for index, path in enumerate(rig.backup.paths):
        if any(PurePosixPath(path).is_relative_to(each) for each in NOT_SAVED) or ".." in PurePosixPath(path).parts:
            yield Finding(
                "backup.path-of-the-kernel",
                f"backup.paths.{index}",
                path,
                f"a path of the owner's, not under {', '.join(NOT_SAVED)}, and without '..'",
                "Remove it.",
            )
        elif _within(rig.models.root, path) and rig.models.wanted and rig.models.root not in rig.backup.exclude:
            yield Finding(
                "backup.path-holds-models",
                f"backup.paths.{index}",
                path,
                f"a path that does not hold models.root, {rig.models.root}: models are pulled again",
                f"Choose a path beside it, or add '{rig.models.root}' to backup.exclude.",
                rests_on=("models.root", "models.wanted.*", "backup.exclude.*"),
            )


def _folder(rig: Rig, catalog: Catalog, repository: str) -> Iterator[Finding]:
    declared = {path: f"backup.paths.{index}" for index, path in enumerate(rig.backup.paths)}
    kept = [path for each in keepsakes(rig, catalog) for path in each.paths]
    for path in kept:
        if _within(repository, path) or _within(path, repository):
            yield Finding(
                "backup.repository-in-itself",
                "backup.repository",
                repository,
                f"a folder beside what is kept; {declared.get(path, 'a layer keeps')} is {path}",
                "Choose a folder on another disk.",
                rests_on=("backup.paths.*", "runtimes.data", "runtimes.services.*"),
            )
            return
    disk = disk_of(rig, repository)
    beside = next((path for path in kept if disk_of(rig, path) == disk), None)
    if beside is not None:
        yield Finding(
            "backup.same-disk",
            "backup.repository",
            repository,
            f"a place on another disk than what is kept ({beside}): of base.disks, or behind SFTP, S3 or REST",
            "Choose one, unless something else is mounted there: what takes this disk takes the backups, too.",
            severity="warning",
            rests_on=("base.disks.*", "base.disks.*.mount", "backup.paths.*", "runtimes.data", "runtimes.services.*"),
        )


def _when(rig: Rig) -> Iterator[Finding]:
    gap_h = longest_gap_h(rig.backup.schedule)
    if gap_h is not None and rig.backup.stale_after_h <= gap_h:
        yield Finding(
            "backup.stale-before-due",
            "backup.stale_after_h",
            rig.backup.stale_after_h,
            f"more than {gap_h} h: so long it may be between two backups ({rig.backup.schedule})",
            "Raise it, with some hours for the backup itself, or have backups more often.",
            rests_on=("backup.schedule",),
        )


def _commands(rig: Rig) -> Iterator[Finding]:
    for name in ("before", "on_failure"):
        command = getattr(rig.backup, name)
        if command and not command[0].startswith("/"):
            yield Finding(
                "backup.command",
                f"backup.{name}.0",
                command[0],
                "a program's absolute path",
                "Write it from '/' on.",
            )


def _within(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)

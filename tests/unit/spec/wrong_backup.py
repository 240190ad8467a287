"""Backups that cannot be: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

PLACES = (
    "expected a folder's absolute path, 'sftp:user@host:/path', 'sftp://user@host:2222//path', "
    "'s3:https://host/bucket' or 'rest:https://host:8000/path', or None. Correct the value."
)
REPOSITORY = "basement: backup.repository = '%s' [inventory/home.py:6]: " + PLACES


def repository(id: str, place: str) -> Wrong:
    source = f"""
    "driver": {{"branch": 580}},
    "backup": {{"repository": "{place}", "password": {{"env": "X"}}}},
    """
    return Wrong(id, source, REPOSITORY % place)


WRONG = [
    repository("repository-without-a-kind", "nas:/volume/rig"),
    repository("repository-of-a-relative-path", "backup/rig"),
    repository("repository-of-another-kind", "rclone:remote:rig"),
    repository("repository-behind-sftp-of-nobody", "sftp:nas:/volume/rig"),
    repository("repository-that-is-an-option", "sftp:-oProxyCommand=x@nas:/rig"),
    Wrong(
        "repository-with-a-password",
        """
        "driver": {"branch": 580},
        "backup": {"repository": "rest:https://me:hunter2@nas:8000/rig", "password": {"env": "X"}},
        """,
        "basement: backup.repository = (not shown) [inventory/home.py:6]: expected no secret in the inventory. No "
        "secret belongs into the inventory: take it out, and change it if the file was shared.",
    ),
    Wrong(
        "backup-password-in-the-open",
        """
        "driver": {"branch": 580},
        "backup": {"repository": "rest:https://nas:8000/rig", "password": "hunter2"},
        """,
        "basement: backup.password = (not shown) [inventory/home.py:6]: expected a reference to a secret: "
        "{'env': NAME}, {'file': path} or {'command': [...]}, or None. No secret belongs into the inventory: take it "
        "out, and change it if the file was shared.",
    ),
    Wrong(
        "backup-of-a-relative-path",
        """
        "driver": {"branch": 580},
        "backup": {"repository": "rest:https://nas:8000/rig", "password": {"env": "X"}, "paths": ["notes"]},
        """,
        "basement: backup.paths.0 = 'notes' [inventory/home.py:6]: expected an absolute path without blanks and "
        "wildcards, and without a slash at its end. Correct the value.",
    ),
    Wrong(
        "backup-whenever",
        """
        "driver": {"branch": 580},
        "backup": {"repository": "rest:https://nas:8000/rig", "password": {"env": "X"}, "schedule": "at night!"},
        """,
        "basement: backup.schedule = 'at night!' [inventory/home.py:6]: expected a calendar event of systemd's, e.g. "
        "'daily', '*-*-* 03:30' or 'Mon,Thu 04:00'. Correct the value.",
    ),
    Wrong(
        "backup-stale-too-early",
        """
        "driver": {"branch": 580},
        "backup": {"repository": "rest:https://nas:8000/rig", "password": {"env": "X"}, "stale_after_h": 12},
        """,
        "basement: backup.stale_after_h = 12 [inventory/home.py:6]: expected more than 24 h: so long it may be between "
        "two backups (daily). Raise it, with some hours for the backup itself, or have backups more often.",
    ),
]

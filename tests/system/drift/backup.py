"""Broken by hand: layer backup. For a host like `tests.system.declared.SERVING`."""

from __future__ import annotations

from tests.system.drift import Drift

FOLDER = "/etc/rigwright/backup"
TIMER = "rigwright-backup.timer"

DRIFTS = [
    Drift(
        "no more backups",
        f"systemctl disable --now {TIMER}",
        "backup",
        plan_names=("Schedule backups", "inactive, wanted running"),
        verify_names=("test_it_is_scheduled",),
    ),
    Drift(
        "backups at another time",
        f"sed -i 's/^OnCalendar=.*/OnCalendar=monthly/' /etc/systemd/system/{TIMER} && systemctl daemon-reload"
        f" && systemctl restart {TIMER}",
        "backup",
        plan_names=("Write when backups are made", "content differs"),
        verify_names=("test_it_is_scheduled",),
        repairs=("Write when backups are made", "Schedule backups"),
    ),
    Drift(
        "the password where others may read it",
        f"chmod 644 {FOLDER}/secrets.json",
        "backup",
        plan_names=("Write the secrets of backups", "mode 644, wanted 600"),
        verify_names=("test_secrets",),
    ),
    Drift(
        "less is kept",
        f"sed -i 's/rigwright-gateway/nothing/' {FOLDER}/plan.json",
        "backup",
        plan_names=("Write what is kept", "content differs"),
        verify_names=("test_what_is_kept",),
    ),
    Drift(
        "all that was saved is gone",
        "rm -r /srv/backup/rig /var/lib/rigwright-backup/record.json",
        "backup",
        plan_names=("Make the first backup", "there is no backup in /srv/backup/rig yet"),
        verify_names=("test_the_newest_is_not_old",),
    ),
]

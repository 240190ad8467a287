"""What is read of backups."""

from __future__ import annotations

import pytest

from rigwright.facts.backup import Backups, BackupState, EarlierSnapshots


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (['{"place": "/mnt/rig",', ' "succeeded": 5.5, "why": ""}'], BackupState("/mnt/rig", 5.5)),
        ([], BackupState()),
        (["{broken"], BackupState()),
    ],
)
def test_the_record(output: list[str], found: BackupState) -> None:
    assert Backups().process(output) == found


def test_snapshots_of_before() -> None:
    assert EarlierSnapshots().process(['{"count": 3, "newest_at": 5.5}']) == 3
    assert EarlierSnapshots().process([]) == EarlierSnapshots.default() == 0
    assert EarlierSnapshots().command("/opt/x").startswith("[ ! -e /opt/x ] || ")

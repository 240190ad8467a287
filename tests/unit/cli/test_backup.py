"""`rig backup` and `rig restore`, as far as they need no host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import exit_codes, restore
from cli.backup.hosts import NotDone, failed
from cli.backup.run import _outcome
from cli.main import cli
from rigwright.engine.run import Unanswered
from tests.unit.spec.project import host, project


def rig(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--chdir", str(folder), *words])


@pytest.mark.parametrize("words", [("backup", "run"), ("backup", "list"), ("backup",), ("restore", "basement")])
def test_without_a_declared_backup_there_is_nothing_to_ask(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = project(tmp_path, host('"driver": {"branch": 580},'))
    found = rig(folder, *words)
    assert "basement: no backup is declared (backup.repository)" in found.output


def test_faults_are_in_the_document(tmp_path: Path) -> None:
    folder = project(tmp_path, host('"driver": {"branch": 580}, "backup": {"repository": "sftp:me@nas:/rig"},'))
    told = json.loads(rig(folder, "restore", "basement", "--json").output)
    assert (told["command"], told["exit_status"], told["hosts"]) == ("restore", 1, [])
    assert {each["id"] for each in told["faults"]} == {"backup.no-password", "backup.sftp-missing"}


def test_a_host_that_could_not_do_it_is_not_one_that_was_not_reached() -> None:
    assert failed("x", NotDone("wrong password")).status == exit_codes.FAILED
    assert failed("x", Unanswered("no route")).status == exit_codes.UNREACHED


TARGET: dict[str, Any] = {
    "path": "/srv/notes",
    "item": "backup.paths",
    "files": 3,
    "bytes": 2_500_000,
    "missing": 1,
    "changed": 2,
    "newer": [f"/srv/notes/{number}" for number in range(6)],
    "newer_count": 7,
    "stopped": ["rig-page.service"],
}


def test_what_would_be_put_back_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    as_it_is = {**TARGET, "path": "/etc/x", "missing": 0, "changed": 0}
    found = {"unfinished": "00ff", "snapshot": "abc", "taken_at": 1795972482, "targets": [TARGET, as_it_is]}
    restore.show_found("basement", found)
    shown = capsys.readouterr().out
    assert "an interrupted restore of snapshot 00ff is finished first" in shown
    assert "snapshot abc of 2026-11-29T17:14:42+00:00" in shown
    assert "/srv/notes: 2.5 MB; of its files and folders 2 are otherwise on the host, 1 are not there" in shown
    assert "/srv/notes/4 and 2 more" in shown and "/srv/notes/5" not in shown
    assert "started again: rig-page.service" in shown
    assert "/etc/x: as in the snapshot" in shown


@pytest.mark.parametrize(
    ("result", "record", "status", "error"),
    [
        ("success", {"succeeded": 1.0, "why": "", "remarks": []}, 0, None),
        ("exit-code", {"succeeded": 1.0, "why": "wrong password"}, 1, "the backup failed: wrong password"),
        ("exit-code", {"succeeded": 1.0, "why": ""}, 1, "the backup failed: its last line"),
    ],
)
def test_how_a_backup_ended(result: str, record: dict[str, Any], status: int, error: str | None) -> None:
    told = {"result": result, "record": json.dumps(record), "last": "its last line"}
    outcome = _outcome("x", told, as_json=True)
    assert (outcome.status, outcome.error) == (status, error)

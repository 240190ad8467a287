"""What would be put back is told truly; what is newer stays unless somebody says otherwise."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from save import __main__ as program
from save import backup, compare, journal, manifest, place, places, record, restore, snapshots
from save.errors import NotTold, Trouble
from save.plan import Item, Plan

HOUR_S = 3600


@dataclass
class Shelf:
    """In restic's place: one snapshot, as a folder."""

    folder: Path
    stage: Path
    taken: datetime
    kept: manifest.Manifest
    unlocked: bool = False

    def snapshots(self, host: str) -> list[dict[str, Any]]:
        return [{"id": "abcdef01", "short_id": "abcdef01", "time": self.taken.isoformat()}]

    def identity(self) -> str:
        return "r1"

    def said(self, *words: str) -> str:
        if words[0] == "dump":
            return self.kept.text()
        if words[0] == "unlock":
            self.unlocked = True
            return ""
        assert words[0] == "restore" and self.unlocked, "the installation that died may have left a lock"
        target = Path(words[words.index("--target") + 1])
        for number, word in enumerate(words):
            source = self.folder / words[number + 1].lstrip("/") if word == "--include" else Path("/no/such")
            if source.is_dir():
                shutil.copytree(source, target / source.relative_to(self.folder), dirs_exist_ok=True)
            elif source.exists():
                (target / source.relative_to(self.folder)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / source.relative_to(self.folder))
        return ""

    def messages(self, *words: str) -> Iterator[dict[str, Any]]:
        for path in sorted(self.folder.rglob("*")):
            seen = path.lstat()
            yield {
                "struct_type": "node", "path": f"/{path.relative_to(self.folder)}", "size": seen.st_size,
                "type": "dir" if path.is_dir() else "file", "mode": seen.st_mode & 0o777,
                "uid": seen.st_uid, "gid": seen.st_gid, "mtime": _time(seen.st_mtime_ns),
            }  # fmt: skip


def _time(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What is kept: a folder with a database, and a file."""
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data/file").write_text("then")
    with closing(sqlite3.connect(home / "data/webui.db")) as base:
        base.execute("create table t (a)")
        base.commit()
    (home / "note").write_text("then")
    old = datetime.now(UTC).timestamp() - HOUR_S
    for path in (*home.rglob("*"), home):
        os.utime(path, (old, old))
    return home


@pytest.fixture
def plan(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    state = tmp_path / "state"
    state.mkdir()
    for module, name, value in (
        (places, "STAGE", state / "stage"), (backup, "STAGE", state / "stage"), (compare, "STAGE", state / "stage"),
        (restore, "STAGE", state / "stage"), (restore, "STATE", state),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    lock = restore.held
    monkeypatch.setattr(restore, "held", lambda wait: lock(wait, state / "lock"))
    for module in (journal, record):
        for name in ("read", "write", "ended"):
            if hasattr(module, name):
                _moved(monkeypatch, module, name, state)
    write = journal.Journal.write
    monkeypatch.setattr(journal.Journal, "write", lambda self: write(self, state / "restore.json"))
    monkeypatch.setattr(place, "_run", lambda *words: None)
    monkeypatch.setattr(restore, "running", lambda units: units)
    items = [Item("page", [f"{home}/data"], stopped=["rig-page.service"]), Item("backup.paths", [f"{home}/note"])]
    return Plan("basement", "/repo", None, None, items, [], [], {"daily": 1}, 7, {})


def _moved(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, state: Path) -> None:
    real = getattr(module, name)
    file = state / ("restore.json" if module is journal else "record.json")
    monkeypatch.setattr(module, name, lambda *given: real(*given, file))


@pytest.fixture
def shelf(plan: Plan, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A snapshot of it, of now."""
    kept = backup.staged(plan)
    folder = tmp_path / "snapshot"
    for source in (home, backup.STAGE):
        shutil.copytree(source, folder / source.relative_to("/"), copy_function=shutil.copy2)
    (folder / str(home / "data/webui.db").lstrip("/")).unlink()
    found = Shelf(folder, backup.STAGE, datetime.now(UTC), kept)
    monkeypatch.setattr(restore, "Restic", lambda plan: found)
    return found


def quiet(line: str) -> None:
    pass


def test_what_is_as_in_the_snapshot_is_said_so_and_left_alone(plan: Plan, shelf: Shelf, home: Path) -> None:
    found = restore.look(plan, None, [])
    assert [(each.path, each.same, each.files) for each in found.targets] == [
        (f"{home}/data", True, 2),
        (f"{home}/note", True, 1),
    ]
    said: list[str] = []
    restore.restore(plan, None, [], over_newer=False, tell=said.append)
    assert said == ["all of it is as in the snapshot"]
    assert record.read().repositories == ("r1",), "from here on it is this installation's"


def test_what_is_missing_comes_back_without_being_told_twice(plan: Plan, shelf: Shelf, home: Path) -> None:
    shutil.rmtree(home / "data")
    (target,) = restore.look(plan, None, []).wanted
    assert (target.item, target.missing, target.changed, target.newer) == ("page", 3, 0, [])
    restore.restore(plan, None, [], over_newer=False, tell=quiet)
    assert (home / "data/file").read_text() == "then"
    assert restore.look(plan, None, []).wanted == []


def test_what_is_newer_stays_until_it_is_told_to_go(plan: Plan, shelf: Shelf, home: Path) -> None:
    with closing(sqlite3.connect(home / "data/webui.db")) as base:
        base.execute("insert into t values (1)")
        base.commit()
    (home / "data/upload").write_text("of today")
    later = shelf.taken.timestamp() + 10
    for name in ("webui.db", "upload"):
        os.utime(home / "data" / name, (later, later))
    (target,) = restore.look(plan, None, []).wanted
    assert target.newer == [f"{home}/data/upload", f"{home}/data/webui.db"]
    with pytest.raises(NotTold, match=r"newer than the snapshot: .*upload"):
        restore.restore(plan, None, [], over_newer=False, tell=quiet)
    assert (home / "data/upload").exists() and not list(home.glob("*.before-restore"))
    restore.restore(plan, None, [], over_newer=True, tell=quiet)
    with closing(sqlite3.connect(home / "data/webui.db")) as base:
        assert base.execute("select count(*) from t").fetchone() == (0,)
    assert (home / "data.before-restore/upload").read_text() == "of today"


def test_owners_and_modes_are_part_of_it(plan: Plan, shelf: Shelf, home: Path) -> None:
    (home / "note").chmod(0o666)
    (target,) = restore.look(plan, None, []).wanted
    assert (target.path, target.changed) == (f"{home}/note", 1)
    restore.restore(plan, None, [], over_newer=True, tell=quiet)
    assert (home / "note").stat().st_mode & 0o777 == 0o644


def test_a_part_is_chosen_by_its_path(plan: Plan, shelf: Shelf, home: Path) -> None:
    def chosen(*paths: str) -> list[str]:
        return [each.path for each in restore.look(plan, None, paths).targets]

    assert chosen(f"{home}/data/file") == [f"{home}/data/file"]
    assert chosen(f"{home}/data/webui.db") == [f"{home}/data/webui.db"]
    assert chosen(str(home)) == [f"{home}/data", f"{home}/note"]
    with pytest.raises(Trouble, match="is not in the snapshot; it holds"):
        chosen(f"{home}/data/none")


def test_a_database_alone_goes_without_what_sqlite_kept_beside_it(plan: Plan, shelf: Shelf, home: Path) -> None:
    database = home / "data/webui.db"
    database.write_bytes(b"broken")
    Path(f"{database}-wal").write_text("of the broken one")
    restore.restore(plan, None, [str(database)], over_newer=True, tell=quiet)
    with closing(sqlite3.connect(database)) as base:
        assert base.execute("select count(*) from t").fetchone() == (0,)
    assert Path(f"{database}.before-restore-wal").exists()


def test_an_interrupted_one_is_finished_first(plan: Plan, shelf: Shelf, home: Path) -> None:
    (home / "note").unlink()
    (home / ".rigwright-restore.note").write_text("of an earlier one")
    journal.Journal("00ff", "r1", [journal.Placing(f"{home}/note", [], [])], [], []).write()
    said: list[str] = []
    restore.restore(plan, None, [], over_newer=True, tell=said.append)
    assert said[0] == "an interrupted restore of snapshot 00ff is finished first"
    assert (home / "note").read_text() == "then"
    assert journal.read() is None


def test_a_snapshot_of_somebody_elses_making_is_said_to_be_one(plan: Plan, shelf: Shelf) -> None:
    shutil.rmtree(shelf.folder / str(shelf.stage).lstrip("/"))
    with pytest.raises(Trouble, match="snapshot abcdef01 is not one that save has made"):
        restore.look(plan, None, [])


def test_snapshots_by_the_beginning_of_their_id(plan: Plan, shelf: Shelf) -> None:
    assert restore.look(plan, "abc", []).snapshot["id"] == "abcdef01"
    with pytest.raises(Trouble, match="0 snapshots of basement begin with 99; there are abcdef01"):
        restore.look(plan, "99", [])


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-11-29T17:14:42Z", 1795972482 * 10**9),
        ("2026-11-29T18:14:42.69145560+01:00", 1795972482691455600),
        ("2026-11-29T12:44:42.5-04:30", 1795972482500000000),
    ],
)
def test_times_as_restic_writes_them(text: str, ns: int) -> None:
    assert snapshots.nanoseconds(text) == ns


def test_a_manifest_is_read_as_it_was_written(plan: Plan, shelf: Shelf) -> None:
    told = json.loads(shelf.kept.text())
    assert told["databases"] and manifest.parsed(shelf.kept.text()).paths == shelf.kept.paths


def test_a_text_is_read_from_the_snapshot_and_put_nowhere(
    plan: Plan, shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(shelf, "said", lambda *words: str(said.append(words) or "then"))
    (home / "note").write_text("now")
    assert restore.texts(plan, "abcd", [f"{home}/note"]) == {f"{home}/note": "then"}
    assert said == [("dump", "--no-lock", "abcdef01", f"{home}/note")]
    assert (home / "note").read_text() == "now"
    with pytest.raises(Trouble, match="0 snapshots of basement begin with ffff"):
        restore.texts(plan, "ffff", [f"{home}/note"])


def test_what_is_outstanding_is_told_with_the_place_and_what_was_cut_off(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "Restic", lambda plan: SimpleNamespace(identity=lambda: "r1"))
    monkeypatch.setattr(program, "earlier", lambda plan, known, identity: [{"time": "2026-11-29T17:14:42Z"}])
    monkeypatch.setattr(program, "unfinished", lambda: "77aa")
    assert program._earlier(plan) == {
        "count": 1, "newest_at": 1795972482.0, "repository": "/repo", "unfinished": "77aa",
    }  # fmt: skip

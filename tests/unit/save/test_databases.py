"""SQLite databases are found, and copied whole while somebody writes to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from save import databases
from save.errors import Trouble


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "webui.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table t (a)")
    connection.close()
    path.chmod(0o640)
    return path


def test_databases_are_known_by_what_is_in_them(base: Path) -> None:
    (base.parent / "text.db").write_text("no database")
    (base.parent / "cache").mkdir()
    (base.parent / "cache" / "other.sqlite3").write_bytes(base.read_bytes())
    (base.parent / "a.bin").write_bytes(base.read_bytes())
    (base.parent / "link.db").symlink_to(base)
    assert databases.found_in([str(base.parent)], [f"{base.parent}/cache"]) == [base]
    assert databases.found_in([str(base)], []) == [base]
    assert databases.found_in(["/no/such/path"], []) == []


def test_what_is_not_in_the_file_yet_is_in_the_copy(base: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(base, isolation_level=None)
    writer.execute("pragma wal_autocheckpoint = 0")
    writer.executemany("insert into t values (?)", [(n,) for n in range(100)])
    assert Path(f"{base}-wal").stat().st_size > 0
    copy = databases.copied(base, tmp_path / "stage")
    assert copy == tmp_path / "stage" / base.relative_to("/")
    assert sorted(path.name for path in copy.parent.iterdir()) == ["webui.db"], "it is one file"
    assert databases.trouble_in(copy) == ""
    assert copy.stat().st_mode & 0o777 == 0o640
    wal_ns = Path(f"{base}-wal").stat().st_mtime_ns
    assert copy.stat().st_mtime_ns == max(base.stat().st_mtime_ns, wal_ns)
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("select count(*) from t").fetchone() == (100,)
    writer.close()


def test_one_that_is_broken_is_told(base: Path, tmp_path: Path) -> None:
    base.write_bytes(base.read_bytes()[:100] + b"x" * 5000)
    copy = databases.copied(base, tmp_path / "stage")
    assert "malformed" in databases.trouble_in(copy)


def test_one_that_is_locked_for_good_fails_by_its_name(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_S", 0.1)
    with closing(sqlite3.connect(base, isolation_level=None)) as other:
        other.execute("pragma locking_mode = exclusive")
        other.execute("insert into t values (1)")
        with pytest.raises(Trouble, match=f"{base}: SQLite cannot copy it: locked"):
            databases.copied(base, tmp_path / "stage")

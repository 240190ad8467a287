"""Putting things in place: in one step each, with what was there beside it, and finished after any interruption."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from save import journal, place
from save.errors import Trouble
from save.journal import Journal, Placing


class Killed(BaseException):
    """Nothing in the program catches it."""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of systemd."""
    found: list[str] = []
    monkeypatch.setattr(place, "_run", lambda *words: found.append(" ".join(words)))
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what is there now (``data``, ``base.db``), and what was fetched."""
    monkeypatch.setattr(Journal, "write", _write_beside)
    for name, text in {"data/file": "now", "data/cache/big": "kept", "data/only": "x", "base.db": "now"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "base.db-wal").write_text("of before")
    for name in ("data/file", "data/sub/file", "base.db"):
        fetched = tmp_path / "fetched" / name
        fetched.parent.mkdir(parents=True, exist_ok=True)
        fetched.write_text("then")
    return tmp_path


_write = Journal.write


def _write_beside(found: Journal) -> None:
    """Beside the paths that it is about."""
    _write(found, Path(found.placings[0].path).with_name("restore.json"))


def begun(home: Path) -> Journal:
    for name in ("data", "base.db"):
        place.brought(home / "fetched" / name, str(home / name))
    found = Journal(
        snapshot="abc",
        repository="r",
        placings=[
            Placing(str(home / "data"), [str(home / "data/cache")], []),
            Placing(str(home / "base.db"), [], [f"{home}/base.db-wal"]),
        ],
        reloaded=["ssh.service"],
        stopped=["rig-page.service"],
    )
    found.write()
    return found


def test_all_is_in_place_and_what_was_there_is_beside_it(home: Path, ran: list[str]) -> None:
    place.placed(begun(home), lambda line: None)
    _holds(home)
    assert ran == [
        "systemctl stop rig-page.service",
        "systemctl try-reload-or-restart ssh.service",
        "systemctl start rig-page.service",
    ]


def _holds(home: Path) -> None:
    assert (home / "data/file").read_text() == (home / "data/sub/file").read_text() == "then"
    assert (home / "base.db").read_text() == "then"
    assert (home / "data/cache/big").read_text() == "kept", "what no snapshot holds stays"
    assert not (home / "data/only").exists() and not (home / "base.db-wal").exists()
    assert (home / "data.before-restore/file").read_text() == "now"
    assert (home / "base.db.before-restore").read_text() == "now"
    assert (home / "base.db.before-restore-wal").read_text() == "of before", "by that name SQLite finds it"
    assert not list(home.glob(".rigwright-restore.*"))


def _killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Have the program die before its change number ``number``; the function says how many there were."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise Killed
            return real(*arguments, **more)

        return instead

    for owner, name in ((Path, "rename"), (Path, "unlink"), (Path, "replace"), (os, "fsync")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: count


def test_killed_anywhere_it_is_finished_by_the_next(
    home: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    begun(home)
    changes = 0
    for number in range(1, 100):
        copy = tmp_path_factory.mktemp("copy") / "home"
        _copied(home, copy)
        with monkeypatch.context() as patch:
            said = _killed_at(number, patch)
            try:
                place.placed(_read(copy), lambda line: None)
            except Killed:
                changes += 1
        if said() < number:
            break
        place.placed(_read(copy), lambda line: None)
        _holds(copy)
    assert changes > 15


def test_what_somebody_made_there_meanwhile_does_not_replace_what_was_there(home: Path, ran: list[str]) -> None:
    interrupted = begun(home)
    interrupted.aside.append(str(home / "data"))
    interrupted.write()
    (home / "data").rename(home / "data.before-restore")
    (home / "data").mkdir()
    (home / "data" / "file").write_text("a fresh start's")
    place.placed(interrupted, lambda line: None)
    _holds(home)


def test_what_an_earlier_restore_left_beside_it_goes(home: Path, ran: list[str]) -> None:
    (home / "data.before-restore").mkdir()
    (home / "data.before-restore" / "ancient").write_text("x")
    place.placed(begun(home), lambda line: None)
    _holds(home)
    assert not (home / "data.before-restore" / "ancient").exists()


def test_what_was_fetched_and_is_gone_is_said(home: Path, ran: list[str]) -> None:
    interrupted = begun(home)
    place.removed(home / ".rigwright-restore.base.db")
    with pytest.raises(Trouble, match="is gone"):
        place.placed(interrupted, lambda line: None)
    assert (home / "base.db").read_text() == "now"


def test_folders_on_the_way_are_made_as_they_were(tmp_path: Path) -> None:
    source = tmp_path / "fetched/a/b/file"
    source.parent.mkdir(parents=True)
    source.parent.chmod(0o750)
    source.write_text("x")
    place.brought(source, str(tmp_path / "new/b/file"))
    assert (tmp_path / "new/b").stat().st_mode & 0o777 == 0o750
    assert place.coming(str(tmp_path / "new/b/file")).read_text() == "x"


def _read(home: Path) -> Journal:
    found = journal.read(home / "restore.json")
    assert found is not None
    return found


def _copied(home: Path, copy: Path) -> None:
    shutil.copytree(home, copy)
    text = (copy / "restore.json").read_text().replace(str(home), str(copy))
    (copy / "restore.json").write_text(text)

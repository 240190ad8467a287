"""What is built once."""

import threading
from pathlib import Path

import pytest

from sim.cache import built_once, key_of, mounts, remove_tree


def test_it_is_built_once_although_many_ask(tmp_path: Path) -> None:
    built: list[Path] = []
    gate = threading.Barrier(5)

    def build(aside: Path) -> None:
        built.append(aside)
        (aside / "file").write_text("whole")

    def ask() -> None:
        gate.wait()
        assert (built_once(tmp_path / "root", build) / "file").read_text() == "whole"

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(built) == 1


def test_what_failed_is_not_kept(tmp_path: Path) -> None:
    def fail(aside: Path) -> None:
        (aside / "half").write_text("")
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        built_once(tmp_path / "root", fail)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    built_once(tmp_path / "root", lambda aside: None)
    assert (tmp_path / "root").is_dir()


def test_leftovers_of_a_killed_build_do_not_get_in(tmp_path: Path) -> None:
    (tmp_path / ".root.building").mkdir()
    (tmp_path / ".root.building" / "old").touch()
    assert list(built_once(tmp_path / "root", lambda aside: None).iterdir()) == []


def test_keys_tell_inputs_apart() -> None:
    assert key_of(["trixie", {"a": 1, "b": 2}]) == key_of(["trixie", {"b": 2, "a": 1}])
    assert key_of(["trixie"]) != key_of(["bookworm"])


def test_the_root_is_among_the_mounts() -> None:
    assert Path("/") in mounts()


def test_removing_never_reaches_into_a_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk" / "merged").mkdir(parents=True)
    monkeypatch.setattr("sim.cache.mounts", lambda: [tmp_path / "disk" / "merged"])
    with pytest.raises(OSError, match="still mounted"):
        remove_tree(tmp_path / "disk")
    assert (tmp_path / "disk" / "merged").is_dir()

"""Sources are merged deeply, the later one wins, and every value knows where it was set."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigwright.spec.load import Declarations, load_rigs
from tests.unit.spec.project import project

FILES = {
    "inventory/home.py": """\
        home = (
            [
                (
                    "basement",
                    {
                        "profiles": ["first", "second"],
                        "tuning": {"sysctl": {"e.host": 5, "b.first": None}},
                        "base": {"packages": {"htop": None, "vim": True, "curl": False}},
                    },
                ),
            ],
            {"tuning": {"sysctl": {"d.inline": 4, "c.all": 40}}},
        )
    """,
    "group_data/all.py": """\
        driver = {"branch": 580}
        tuning = {
            "sysctl": {
                "a.profile": 30,
                "c.all": 3,
            },
        }
    """,
    "group_data/home.py": 'tuning = {"sysctl": {"d.inline": 44}, "kernel_cmdline": ["two"]}\n',
    "profiles/first.py": """\
        tuning = {
            "sysctl": {"a.profile": 1, "b.first": 1, "f.first": 1},
            "kernel_cmdline": ["one", "two"],
            "limits": {"nofile": 2048},
        }
    """,
    "profiles/second.py": 'tuning = {"sysctl": {"f.first": 2}, "limits": {"memlock": "unlimited"}}\n',
}


@pytest.fixture
def loaded(tmp_path: Path) -> Declarations:
    return load_rigs(project(tmp_path, FILES))


def test_the_later_source_wins_key_by_key(loaded: Declarations) -> None:
    assert loaded.rigs["basement"].tuning.sysctl == {
        "a.profile": 30,
        "c.all": 40,
        "d.inline": 44,
        "e.host": 5,
        "f.first": 2,
    }


def test_each_value_knows_its_source(loaded: Declarations) -> None:
    origins = loaded.origins["basement"]
    names = ("a.profile", "c.all", "d.inline", "e.host", "f.first")
    assert {name: origins[f"tuning.sysctl.{name}"].text for name in names} == {
        "a.profile": "group_data/all.py:4",
        "c.all": "inventory/home.py:12",
        "d.inline": "group_data/home.py:1",
        "e.host": "inventory/home.py:7",
        "f.first": "profiles/second.py:1",
    }
    assert origins["tuning.limits.nofile"].text == "profiles/first.py:4"
    assert origins["tuning.limits.memlock"].text == "profiles/second.py:1"
    assert origins["tuning.aspm"].text == "default"
    assert origins["driver.branch"].kind == "group"


def test_lists_are_replaced_whole(loaded: Declarations) -> None:
    assert loaded.rigs["basement"].tuning.kernel_cmdline == ["two"]
    origins = loaded.origins["basement"]
    assert origins["tuning.kernel_cmdline.0"].text == "group_data/home.py:1"
    assert "tuning.kernel_cmdline.1" not in origins


def test_none_takes_an_entry_away_and_with_it_its_origin(loaded: Declarations) -> None:
    assert "b.first" not in loaded.rigs["basement"].tuning.sysctl
    assert "tuning.sysctl.b.first" not in loaded.origins["basement"]


def test_default_entries_are_merged_with(loaded: Declarations) -> None:
    packages = loaded.rigs["basement"].base.packages
    assert "htop" not in packages
    assert packages["vim"] is True
    assert packages["curl"] is False
    assert packages["tmux"] is True
    assert loaded.origins["basement"]["base.packages.tmux"].text == "default"
    assert loaded.origins["basement"]["base.packages.curl"].text == "inventory/home.py:8"


def test_none_for_a_key_is_a_value(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": 'home = [("basement", {"driver": {"version": None, "branch": 580}})]',
        "group_data/all.py": 'driver = {"version": "580.105.08"}',
    }
    loaded = load_rigs(project(tmp_path, files))
    assert loaded.rigs["basement"].driver.version is None
    assert loaded.origins["basement"]["driver.version"].text == "inventory/home.py:1"


@pytest.mark.parametrize(("order", "expected"), [(["first", "second"], 2), (["second", "first"], 1)])
def test_profiles_apply_in_their_order(tmp_path: Path, order: list[str], expected: int) -> None:
    files = {**FILES, "inventory/home.py": f'home = [("basement", {{"profiles": {order}}})]'}
    assert load_rigs(project(tmp_path, files)).rigs["basement"].tuning.sysctl["f.first"] == expected


def test_the_command_lines_profiles_come_last(tmp_path: Path) -> None:
    rigs = load_rigs(project(tmp_path, FILES), profiles=["first"])
    assert rigs.rigs["basement"].profiles == ["second", "first"]
    assert rigs.rigs["basement"].tuning.sysctl["f.first"] == 1
    assert rigs.origins["basement"]["profiles"].text == "--profile"


def test_a_reference_to_a_secret_is_replaced_whole(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": """\
            home = [("basement", {"access": {"users": {"me": {"password_hash": {"file": "/h"}}}}})]
        """,
        "group_data/all.py": """\
            driver = {"branch": 580}
            access = {"users": {"me": {"password_hash": {"env": "HASH"}}}}
        """,
    }
    secret = load_rigs(project(tmp_path, files)).rigs["basement"].access.users["me"].password_hash
    assert secret is not None
    assert (secret.env, secret.file) == (None, "/h")


def test_hosts_do_not_share_what_they_are_given(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": 'home = ["one", "two"]',
        "group_data/all.py": 'driver = {"branch": 580}\nhardware = {"storage": {"a": {"model": "x", "size_gb": 1}}}',
    }
    overrides = ["hardware.storage.a.size_gb=2"]
    root = project(tmp_path, files)
    changed = load_rigs(root, hosts=["one"], overrides=overrides).rigs["one"].hardware.storage["a"].size_gb
    assert (changed, load_rigs(root).rigs["two"].hardware.storage["a"].size_gb) == (2, 1)

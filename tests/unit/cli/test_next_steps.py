"""Commands to type next: as they work where they are read, on a PATH that knows nothing of us."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.next_steps import typed


@pytest.fixture(autouse=True)
def _clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "clone/.venv/bin/python"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")


def test_a_program_of_the_clone_is_named_by_its_place_in_it() -> None:
    assert typed("rig", "--chdir", "/a b", "plan") == ".venv/bin/rig --chdir '/a b' plan"


def test_elsewhere_it_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert typed("python", "-m", "sim") == f"{tmp_path.relative_to('/')}/clone/.venv/bin/python -m sim"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert typed("python", "-m", "sim") == f"{tmp_path}/clone/.venv/bin/python -m sim"


def test_who_became_root_by_sudo_needs_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "1000")
    assert typed("rig", "plan") == "sudo .venv/bin/rig plan"
    assert typed("rig", root=False) == ".venv/bin/rig"

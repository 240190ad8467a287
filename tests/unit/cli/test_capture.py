"""`rig capture`, as far as it needs no host: the way in, the file, what is said, its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.capture import asking, writing
from cli.capture.reaching import NoAnswer, WayIn
from cli.main import run
from rigwright.capture.seen import Seen
from tests.unit.capture.hosts import card, seen, smi
from tests.unit.capture.test_whole import attic
from tests.unit.spec.project import project

Said = pytest.CaptureFixture[str]
INVENTORY = """
home = [
    ("basement", {"ssh_hostname": "10.0.0.7", "ssh_user": "me", "ssh_port": 2222, "driver": {"branch": 580}}),
]
"""


class Asked:
    """The host that a test plays: what is seen of it, and how it was reached."""

    def __init__(self) -> None:
        self.answer: Seen | NoAnswer = attic()
        self.ways: list[WayIn] = []

    def __call__(self, way: WayIn, project: Any) -> Seen:
        self.ways.append(way)
        if isinstance(self.answer, NoAnswer):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    played = Asked()
    monkeypatch.setattr(asking, "asked", played)
    monkeypatch.setenv("HOME", str(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    return played


@pytest.fixture
def root(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    project(folder, {"inventory/home.py": INVENTORY, "group_data/all.py": 'base = {"smartd": False}\n'})
    monkeypatch.chdir(folder)
    return folder


def test_a_host_of_no_inventory_is_printed(asked: Asked, capsys: Said) -> None:
    assert run(["capture", "me@attic", "--ssh-port", "2200", "--ssh-key", "/k"]) == 0
    printed = capsys.readouterr()
    assert 'captured = [\n    (\n        "attic",\n' in printed.out and '"ssh_user": "me"' in printed.out
    assert '"smartd": False' in printed.out, "what differs from the defaults"
    assert "attic: captured as attic, printed" in printed.err and "then rig check attic" in printed.err
    (way,) = asked.ways
    assert (way.host, way.connection.ssh_user, way.connection.ssh_port, way.connection.ssh_key) == (
        "attic", "me", 2200, "/k",
    )  # fmt: skip


def test_the_way_in_of_a_declared_host_is_the_declared_one(root: Path, asked: Asked, capsys: Said) -> None:
    assert run(["capture", "basement", "--name", "copy", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["declaration"]["ssh_hostname"] == "10.0.0.7" and document["declaration"]["ssh_port"] == 2222
    assert "smartd" not in document["declaration"]["base"], "every host of the project is given it"
    assert asked.ways[0].connection.ssh_user == "me"
    assert run(["capture", "basement", "--ssh-user", "root", "--json"]) == 0
    assert asked.ways[1].connection.ssh_user == "root"
    notes = json.loads(capsys.readouterr().out)["not_said"]
    assert "inventory.twice" in [note["id"] for note in notes]


def test_a_declared_way_in_that_is_unsound_is_named(root: Path, asked: Asked, capsys: Said) -> None:
    (root / "inventory/home.py").write_text('home = [("basement", {"ssh_port": "x"})]\n')
    assert run(["capture", "basement"]) == 1
    assert "ssh_port" in capsys.readouterr().err and asked.ways == []
    assert run(["capture", "basement", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["exit_status"] == 1 and "ssh_port" in document["error"]


def test_sshs_own_configuration_names_the_user(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host attic\n  User anna\n")
    assert run(["capture", "attic"]) == 0 and run(["capture", "cellar"]) == 0
    assert [way.connection.ssh_user for way in asked.ways] == ["anna", "root"]


def test_another_name_keeps_the_address(asked: Asked, capsys: Said) -> None:
    assert run(["capture", "10.0.0.9", "--name", "attic", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["name"], document["declaration"]["ssh_hostname"]) == ("attic", "10.0.0.9")
    assert document["exit_status"] == 0 and document["fill_in"] == [] and document["file"] is None


def test_what_is_to_be_filled_in_is_said_with_its_line(root: Path, asked: Asked, capsys: Said) -> None:
    asked.answer = seen(gpus=[card()], cards=[smi()])
    assert run(["capture", "attic", "--output", "inventory/attic.py"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "hardware.gpus.0.cables [inventory/attic.py:" in said.err
    assert "next: rig check attic" in said.err
    assert run(["check", "attic"]) == 1
    faults = capsys.readouterr().err
    assert "inventory/attic.py:" in faults and "FILL IN" in faults
    asked.answer = attic()
    assert run(["capture", "attic", "--output", "inventory/attic.py", "--overwrite"]) == 0
    capsys.readouterr()
    assert run(["check", "attic"]) == 0, capsys.readouterr().err


def test_a_file_that_is_there_stays(asked: Asked, tmp_path: Path, capsys: Said) -> None:
    output = tmp_path / "mine.py"
    output.write_text("mine")
    assert run(["capture", "attic", "--output", str(output)]) == 1
    assert "is there already" in capsys.readouterr().err and output.read_text() == "mine"
    assert asked.ways == [], "nothing was connected to"
    assert run(["capture", "attic", "--output", str(tmp_path / "no/such.py")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert run(["capture", "attic", "--output", str(output), "--overwrite"]) == 0
    assert "captured = [" in output.read_text() and output.stat().st_mode & 0o044


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "file.py"
    output.write_text("mine")
    with pytest.raises(Exception, match="is there already"):
        writing.put("text", output, overwrite=False)
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left on device"):
        writing.put("text", output, overwrite=True)
    assert output.read_text() == "mine" and list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(("lost", "status"), [(True, 3), (False, 1)])
def test_a_host_that_does_not_answer(asked: Asked, tmp_path: Path, lost: bool, status: int, capsys: Said) -> None:
    asked.answer = NoAnswer("no route to host", lost)
    output = tmp_path / "x.py"
    assert run(["capture", "attic", "--output", str(output)]) == status
    assert "attic: no route to host" in capsys.readouterr().err and not output.exists()
    assert run(["capture", "attic", "--json"]) == status
    assert json.loads(capsys.readouterr().out) == {
        "command": "capture", "exit_status": status, "host": "attic", "error": "no route to host",
    }  # fmt: skip


def test_wrong_words(asked: Asked, root: Path, capsys: Said) -> None:
    assert run(["capture"]) == 64
    assert run(["capture", "me@"]) == 64
    assert run(["capture", "attic", "--name", "a b"]) == 64
    assert "without blanks" in capsys.readouterr().err
    (root / "inventory/home.py").write_text("home = [")
    assert run(["capture", "attic"]) == 1
    assert asked.ways == []

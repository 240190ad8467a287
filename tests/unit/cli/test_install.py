"""`rig install`, as far as it needs no live system: what is refused before, what is asked, what is said at the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli import install as command
from cli import rescue
from cli.main import run
from cli.rescue import Options, Refusal
from rigwright.choice.install.rescue import Ground
from rigwright.engine.results import HostResult, Outcome
from rigwright.engine.run import Unanswered
from rigwright.facts.live_system import LiveState
from rigwright.spec.connection import Connection
from tests.unit.choice.install.test_rescue import DATA, LIVE, NVME
from tests.unit.installer.order import KEY
from tests.unit.spec.project import project

INVENTORY = f"""
home = [
    (
        "basement",
        {{
            "base": {{"hostname": "basement"}},
            "driver": {{"source": "none"}},
            "containers": {{"state": "absent"}},
            "access": {{"users": {{"anna": {{"keys": ["{KEY}"], "sudo": "nopasswd"}}}}}},
            "install": {{
                "release": "trixie",
                "disk": {{"serial": "SPCC-0001"}},
                "mirror": "http://mirror.lan/debian",
                "security_mirror": "http://mirror.lan/debian-security",
            }},
        }},
    ),
    ("attic", {{"driver": {{"source": "none"}}, "containers": {{"state": "absent"}}}}),
]
"""
Said = pytest.CaptureFixture[str]


class FakeRun:
    """An engine whose one host is a live system; what is planned is done."""

    live: LiveState | Unanswered = LIVE
    outcome = Outcome.CHANGED
    planned: list[Any]
    connections: dict[str, Connection]

    def __init__(self, root: Path, connections: dict[str, Connection], *, watcher: Any) -> None:
        self.watcher = watcher
        FakeRun.connections = dict(connections)
        FakeRun.planned = []

    def ask(self, question: Any) -> dict[str, Any]:
        return {"basement": FakeRun.live}

    def forget(self) -> None:
        pass

    def plan(self, deploy: Any) -> list[Any]:
        FakeRun.planned.append(deploy)

        class Planned:
            pending = ("all of it",)

        return [Planned()]

    def apply(self) -> list[HostResult]:
        return [HostResult("basement", FakeRun.outcome)]

    def close(self) -> None:
        pass


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(tmp_path, {"inventory/home.py": INVENTORY})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rescue, "Run", FakeRun)
    monkeypatch.setattr(FakeRun, "live", LIVE)
    monkeypatch.setattr(FakeRun, "outcome", Outcome.CHANGED)
    FakeRun.planned = []
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: answer)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["basement"], 64, "nobody can be asked without a terminal: add --yes"),
        (["basement", "--yes", "--fingerprint", "A" * 43], 64, "add --at ADDRESS"),
        (["basement", "--yes", "--at", "a b"], 64, "expected [USER@]ADDRESS[:PORT]"),
        (["basement", "--yes", "--at", "10.0.0.7:99999"], 64, "expected [USER@]ADDRESS[:PORT]"),
        (["basement", "--yes", "--at", "10.0.0.7", "--fingerprint", "MD5:00"], 64, "expected the SHA256 fingerprint"),
        (["attic", "--yes"], 1, "attic: install is not declared: expected what to install, and on which disk."),
        (["home", "--yes"], 64, "home is no host; these are: basement, attic"),
    ],
)
def test_refused_offline(root: Path, arguments: list[str], status: int, said: str, capsys: Said) -> None:
    assert run(["install", *arguments]) == status
    assert said in capsys.readouterr().err
    assert FakeRun.planned == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.0.7", ("root", "10.0.0.7", 22)),
        ("user@live.lan:2222", ("user", "live.lan", 2222)),
        ("user@[fd00::7]", ("user", "fd00::7", 22)),
    ],
)
def test_where_the_live_system_answers(root: Path, text: str, place: tuple[str, str, int], capsys: Said) -> None:
    assert run(["install", "basement", "--plan", "--at", text]) == 2
    connection = FakeRun.connections["basement"]
    assert (connection.ssh_user, connection.ssh_hostname, connection.ssh_port) == place
    assert connection.becomes_root is (place[0] != "root")


def test_the_plan_changes_nothing(root: Path, capsys: Said) -> None:
    assert run(["install", "basement", "--plan"]) == 2
    said = capsys.readouterr().out
    assert "TO BE ERASED: /dev/nvme0n1, serial number SPCC-0001" in said
    assert "NOT touched: /dev/sda (WD-0002" in said
    assert said.endswith("Nothing was changed.\n")
    assert FakeRun.planned == []


def test_the_serial_number_is_the_answer(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    for answer in ("y", "", "SPCC-0002"):
        typed(monkeypatch, answer)
        assert run(["install", "basement"]) == 2
        assert FakeRun.planned == []
    typed(monkeypatch, " SPCC-0001 ")
    assert run(["install", "basement"]) == 0
    assert len(FakeRun.planned) == 1


@pytest.mark.parametrize(("more", "status"), [([], 1), (["--wipe"], 0)])
def test_without_a_question_only_an_empty_disk(root: Path, more: list[str], status: int, capsys: Said) -> None:
    FakeRun.live = replace(LIVE, tables={NVME.path: "somebody's"})
    assert run(["install", "basement", "--yes", *more]) == status
    assert bool(FakeRun.planned) == (status == 0)
    assert ("expected an empty disk, since nobody is asked" in capsys.readouterr().err) == (status == 1)


def test_a_refusal_says_where_and_changes_nothing(root: Path, capsys: Said) -> None:
    FakeRun.live = replace(LIVE, disks=(DATA,))
    assert run(["install", "basement", "--yes", "--wipe"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("basement: install.disk is 'SPCC-0001': expected the serial number of a disk that is here")
    assert FakeRun.planned == []


def test_a_host_without_a_network_is_refused(root: Path, capsys: Said) -> None:
    FakeRun.live = replace(LIVE, mac=None)
    assert run(["install", "basement", "--yes"]) == 1
    assert "install.network.mac is '': expected the MAC address of the host's interface" in capsys.readouterr().err
    assert FakeRun.planned == []


@pytest.mark.parametrize(("lost", "status"), [(True, 3), (False, 1)])
def test_nobody_answers(root: Path, lost: bool, status: int, capsys: Said) -> None:
    FakeRun.live = Unanswered("no connection to 10.0.0.7", lost)
    assert run(["install", "basement", "--yes"]) == status
    assert "basement: no connection to 10.0.0.7" in capsys.readouterr().err


def test_the_end_names_the_host_key_and_what_to_do(root: Path, capsys: Said) -> None:
    assert run(["install", "basement", "--yes"]) == 0
    said = capsys.readouterr().out
    file = root / ".rig/installer/basement/ssh_host_ed25519_key"
    assert f"Its host key, from {file}: ssh-ed25519 AAAA" in said
    assert "cat .rig" in said or f"cat {root}/.rig/installer/basement/known_hosts >> ~/.ssh/known_hosts" in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in said


def test_a_failure_is_no_installation(root: Path, capsys: Said) -> None:
    FakeRun.outcome = Outcome.FAILED
    assert run(["install", "basement", "--yes"]) == 1
    said = capsys.readouterr()
    assert "it is not installed, and the disk is not marked as done" in said.err
    assert "installed. Its host key" not in said.out


def test_what_is_there_already_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    marks: list[str] = []
    original = rescue.marked

    def marked(order: Any) -> Any:
        found = original(order)
        marks.append(found.mark)
        return found

    def ground(*_: Any, **__: Any) -> Ground:
        return Ground(NVME, "installed", marks[-1] if marks else None, (), (DATA,), NVME.path)

    monkeypatch.setattr(rescue, "marked", marked)
    monkeypatch.setattr(rescue, "ground", ground)
    assert run(["install", "basement", "--plan"]) == 2, "another mark: it is another installation"
    assert run(["install", "basement", "--yes"]) == 0
    said = capsys.readouterr().out.split("Nothing was changed.\n")[1]
    assert said.startswith(f"basement: all of this is installed there already ({marks[-1]} on {NVME.words}); --wipe")
    assert "ERASED" not in said
    assert FakeRun.planned == []


def test_an_unknown_live_system_is_not_entered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key_of(address: str, port: int, wanted: str) -> Any:
        from rigwright.engine.live_key import NotThatKey  # noqa: PLC0415

        raise NotThatKey(f"{address} {port} {wanted}")

    monkeypatch.setattr("rigwright.engine.live_key.key_of", key_of)
    options = Options(command.Place("root", "10.0.0.7", 22), "SHA256:x", None, False, False, True, False)
    with pytest.raises(Refusal) as refusal:
        rescue._live_connection(Connection(), root, options)
    assert (str(refusal.value), refusal.value.status) == ("10.0.0.7 22 SHA256:x", 3)

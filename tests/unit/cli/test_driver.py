"""`rig driver`, as far as it needs no host: what is refused offline, what is said, which status it ends with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.driver import hand as hands
from cli.driver.declaration import disagreement
from cli.driver.status import lines
from cli.main import run
from rigwright.choice.driver import Wanted
from rigwright.choice.driver_change import Look
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status
from rigwright.facts.driver import Offer, Place
from rigwright.facts.modules import ModulesState
from rigwright.spec.load import load_rigs
from tests.unit.operations.driver_hosts import NEW as KERNEL
from tests.unit.operations.driver_hosts import have, wanted
from tests.unit.spec.project import project

INVENTORY = """
home = [
    (
        "basement",
        {
            "driver": {"branch": 580},
            "cuda": {"toolkits": ["12.8"]},
            "hardware": {
                "psus": {"main": {"rated_w": 1300}},
                "gpus": [
                    {"model": "GeForce GTX 1080 Ti", "slot": "PCIE1", "cables": ["6-pin", "8-pin"], "supply": "main"},
                ],
            },
        },
    ),
    ("attic", {"driver": {"branch": 580}}),
]
none = [("shed", {"driver": {"source": "none"}, "containers": {"toolkit": {"state": "absent"}}})]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(tmp_path, {"inventory/home.py": INVENTORY})
    monkeypatch.chdir(tmp_path)
    return tmp_path


Said = pytest.CaptureFixture[str]


@pytest.mark.parametrize("command", ["upgrade", "rollback"])
def test_nobody_is_asked_where_there_is_no_terminal(root: Path, command: str, capsys: Said) -> None:
    assert run(["driver", command, "basement"]) == 64
    assert "add --yes" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["upgrade", "rollback"])
def test_one_host_at_a_time(root: Path, command: str, capsys: Said) -> None:
    assert run(["driver", command, "home", "--yes"]) == 64
    assert "one host's driver is changed at a time, and basement, attic are named" in capsys.readouterr().err
    assert run(["driver", command, "--yes"]) == 64
    assert run(["driver", command, "basment", "--yes"]) == 64
    assert "Did you mean 'basement'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["upgrade", "rollback"])
def test_a_driver_that_is_not_ours_is_left_alone(root: Path, command: str, capsys: Said) -> None:
    assert run(["driver", command, "shed", "--yes"]) == 1
    assert "driver.source is 'none'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("590", "a branch up to 580, the last that drives GeForce GTX 1080 Ti"),
        ("590.44.01", "a branch up to 580, the last that drives GeForce GTX 1080 Ti"),
        ("535", "a driver of at least 570.26, which CUDA 12.8 needs"),
    ],
)
def test_what_cards_and_toolkits_cannot_run_with_is_refused_offline(
    root: Path, to: str, said: str, capsys: Said
) -> None:
    assert run(["driver", "upgrade", "basement", "--yes", "--to", to]) == 1
    shown = capsys.readouterr().err
    assert said in " ".join(shown.split()) and "nothing was connected to" in shown


@pytest.mark.parametrize("to", ["58", "latest", "590.", "590.44.01.1", "v590"])
def test_a_target_is_a_branch_or_a_version(root: Path, to: str, capsys: Said) -> None:
    assert run(["driver", "upgrade", "basement", "--yes", "--to", to]) == 64
    assert f"--to {to}: expected a driver branch such as 590" in capsys.readouterr().err


def test_json_stands_after_the_command(root: Path, capsys: Said) -> None:
    assert run(["driver", "--json", "status"]) == 64
    assert "rig driver status --json" in capsys.readouterr().err


def test_which_line_says_something_else(root: Path) -> None:
    declared = load_rigs(root)
    assert disagreement(declared, "attic", "580.105.08") is None
    assert disagreement(declared, "attic", "590.44.01") == (
        "attic: the declaration says driver.branch = 580 (inventory/home.py:16): change it to 590 there; until then "
        "`rig plan` names the difference, and `rig apply` would go back to it"
    )
    exact = load_rigs(root, overrides=["driver.branch=null", "driver.version=580.95.05"], hosts=["attic"])
    assert "driver.version = 580.95.05 (--set): change it to 580.105.08" in str(
        disagreement(exact, "attic", "580.105.08")
    )


# With a host that a test plays

OFFERS_OF = wanted("bookworm", source="nvidia", branch=580)
SET = OFFERS_OF.packages.packages
PLACE = Place(500, f"{OFFERS_OF.repository}  Packages", "NVIDIA")
OFFERS = {name: Offer(None, None, {"580.105.08-1": (PLACE,), "580.95.05-1": (PLACE,)}) for name in SET}


PLANNED = HostResult(
    "attic", Outcome.PENDING, (OperationResult("driver", "Install the driver", Status.WOULD_CHANGE, ("older",)),)
)


@dataclass
class Host:
    """What is found on it; what was done to it."""

    version: str = "580.95.05"
    loaded: str | None = None
    planned: HostResult = PLANNED
    did: list[str] = field(default_factory=list)

    def look(self, wanted: Wanted | None = None) -> Look:
        modules = ModulesState(running=self.loaded)
        return Look(have(f"{self.version}-1", *SET), OFFERS, modules, [KERNEL], [], False, kept={}, change=None)


@pytest.fixture
def host(root: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    played = Host()

    def asked(self: hands.EngineHand, question: Callable[[Any], Any]) -> Any:
        return OFFERS_OF, played.look()

    def carried_out(
        self: hands.EngineHand, deploy: Any, agreed: Callable[[HostResult], bool] = lambda result: True
    ) -> HostResult:
        if not agreed(played.planned):
            return played.planned
        played.did.append("apply")
        played.version = "580.105.08"
        return HostResult("attic", Outcome.CHANGED)

    monkeypatch.setattr(hands.EngineHand, "asked", asked)
    monkeypatch.setattr(hands.EngineHand, "look", lambda self: played.look())
    monkeypatch.setattr(hands.EngineHand, "carried_out", carried_out)
    monkeypatch.setattr(hands.EngineHand, "proved", lambda self, overrides=(): hands.Proved("13 holds"))
    return played


def test_an_upgrade_shows_its_plan_and_says_how_it_ended(host: Host, capsys: Said) -> None:
    assert run(["driver", "upgrade", "attic", "--yes"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("attic: driver 580.95.05 → 580.105.08\n")
    assert "attic: driver | Install the driver: would change: older" in said
    assert said.endswith("attic: driver 580.105.08 is installed, held and proved (13 holds)\n"), "nothing to correct"
    assert run(["driver", "upgrade", "attic", "--yes"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out


def test_who_says_no_has_it_left_alone(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("click.confirm", lambda text: text != "Change the driver of attic to 580.105.08?")
    assert run(["driver", "upgrade", "attic"]) == 2
    assert host.did == []


def test_what_the_plan_refuses_has_changed_nothing(host: Host, capsys: Said) -> None:
    refused = OperationResult("driver", "Keep the packages", Status.FAILED, error="to be had nowhere any more: it")
    host.planned = HostResult("attic", Outcome.FAILED, (refused,))
    assert run(["driver", "upgrade", "attic", "--yes"]) == 1
    said = capsys.readouterr()
    assert said.err == "attic: Keep the packages: to be had nowhere any more: it\nattic: nothing was changed\n"
    host.planned = HostResult("attic", Outcome.UNREACHABLE, error="no route")
    assert run(["driver", "upgrade", "attic", "--yes"]) == 3


def test_a_loaded_driver_needs_a_reboot_that_is_allowed(host: Host, capsys: Said) -> None:
    host.loaded = "580.95.05"
    assert run(["driver", "upgrade", "attic", "--yes", "--no-reboot"]) == 1
    said = capsys.readouterr().err
    assert "only a reboot loads another" in said and "nothing was changed" in said
    assert host.did == []


def test_without_anything_kept_there_is_no_rollback(host: Host, capsys: Said) -> None:
    assert run(["driver", "rollback", "attic", "--yes"]) == 1
    assert "no driver but the installed 580.95.05 is kept here" in capsys.readouterr().err


@pytest.mark.parametrize(("lost", "status"), [(True, 3), (False, 1)])
def test_a_host_that_does_not_answer(
    host: Host, lost: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    def silent(self: hands.EngineHand, question: Any) -> Any:
        raise hands.Unanswered("no route to host", lost)

    monkeypatch.setattr(hands.EngineHand, "asked", silent)
    assert run(["driver", "upgrade", "attic", "--yes"]) == status
    assert "attic: no route to host" in capsys.readouterr().err


def test_the_status_of_a_host_for_people() -> None:
    told: dict[str, Any] = {
        "declared": {"state": "present", "source": "nvidia", "branch": 580, "version": None, "flavour": "auto"},
        "installed": "580.95.05",
        "loaded": None,
        "modules": {KERNEL: "580.95.05", "6.1.0-40-amd64": None},
        "held": ["libcuda1"],
        "loose": ["nvidia-modprobe"],
        "offered": {"590": "590.44.01", "580": "580.105.08"},
        "lists_read_at": 1763881200.0,
        "kept": [{"version": "570.86.10", "whole": False, "missing": ["libcuda1"]}],
        "change": {
            "step": "changing", "old": "580.95.05", "new": "590.44.01", "from_kept": False, "why": [], "stopped": [],
        },
    }  # fmt: skip
    text = "\n".join(lines("attic", told))
    assert "declared   branch 580, source nvidia" in text
    assert f"modules    {KERNEL} 580.95.05, 6.1.0-40-amd64 none" in text
    assert "held       1 packages; not held: nvidia-modprobe" in text
    assert "offered    590: 590.44.01, 580: 580.105.08 (apt's lists read 2025-11-23 07:00 UTC)" in text
    assert "kept       570.86.10 (not whole: libcuda1)" in text
    assert "under way  from 580.95.05 to 590.44.01, changing; it was cut off" in text
    assert "rig driver upgrade attic --to 590.44.01 goes on, rig driver rollback attic goes back" in text
    quiet = {**told, "change": None, "kept": [], "offered": {}, "lists_read_at": None, "modules": {}, "loose": []}
    text = "\n".join(lines("attic", quiet))
    assert "nothing to go back to" in text and "never by us" in text and "under way" not in text


def test_ctrl_c_says_how_to_go_on(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    def interrupted(self: hands.EngineHand, deploy: Any, agreed: Any = None) -> HostResult:
        raise KeyboardInterrupt

    monkeypatch.setattr(hands.EngineHand, "carried_out", interrupted)
    assert run(["driver", "upgrade", "attic", "--yes"]) == 130
    assert (
        "run the same again: it goes on where it was; or go back: rig driver rollback attic" in capsys.readouterr().err
    )

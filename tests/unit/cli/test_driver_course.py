"""How a change of the driver goes, step by step, with a host that a test plays."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cli import exit_codes
from cli.driver.course import CUT_OFF, Deploys, Ended, Proved, Unanswered, failures_of, goes_back, goes_on
from cli.driver.hand import proved_by
from rigwright.choice.driver_change import Back, Forward, Look
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status
from rigwright.facts.driver_change import Change, Kept
from rigwright.facts.modules import ModulesState
from tests.unit.operations.driver_hosts import NEW as KERNEL
from tests.unit.operations.driver_hosts import have, on_disk

OLD, NEW = "580.95.05", "590.44.01"
CHANGE = Change("changing", OLD, NEW)
KEPT = Kept(OLD, {"libcuda1": f"{OLD}-1"}, 580, None, "open", None, files={"libcuda1": ("/x.deb",)})
WAY = Forward(OLD, NEW)
CHANGED = HostResult("basement", Outcome.CHANGED)
LOST = HostResult("basement", Outcome.UNREACHABLE, error="the connection was lost")
STOPPED = HostResult("basement", Outcome.INTERRUPTED)
HOLDS = Proved("11 holds, 2 could not tell")
SHORT = Proved("10 holds, 1 falls short", ("Everything is of one version: it is not",))
BROKEN = HostResult(
    "basement",
    Outcome.FAILED,
    (OperationResult("driver", "Install the driver", Status.FAILED, error="nvidia cannot be built\n    nv.c: error"),),
)
CUT = f"basement: {CUT_OFF.format(host='basement')}"


def host(version: str, **other: Any) -> Look:
    found = Look(
        have(f"{version}-1", "libcuda1"), {}, ModulesState(), [KERNEL], [], False, kept={OLD: KEPT}, change=CHANGE
    )
    return replace(found, **other)


@dataclass
class Played:
    """What the host answers, in order; what was asked of it."""

    looks: list[Look | Unanswered] = field(default_factory=list)
    results: list[HostResult] = field(default_factory=list)
    proofs: list[Proved] = field(default_factory=list)
    did: list[str] = field(default_factory=list)

    def look(self) -> Look:
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(found, Unanswered):
            raise found
        return found

    def carried_out(self, deploy: Callable[[Any], None]) -> HostResult:
        deploy(None)
        return self.results.pop(0)

    def proved(self, overrides: Sequence[str] = ()) -> Proved:
        self.did.append(" ".join(["prove", *overrides]))
        return self.proofs.pop(0)

    @property
    def deploys(self) -> Deploys:
        def back(goal: Kept, change: Change, why: Sequence[str]) -> Callable[[Any], None]:
            return lambda rig: self.did.append(f"back to {goal.upstream} because {' / '.join(change.why or why)}")

        return Deploys(back, lambda keep: lambda rig: self.did.append(f"settle {' '.join(keep)}"))


def on(played: Played, result: HostResult = CHANGED, way: Forward = WAY) -> Ended:
    return goes_on("basement", played, played.deploys, way, result)


def test_a_good_end_is_proved_and_keeps_the_old_driver() -> None:
    played = Played([host(NEW)], [CHANGED], [HOLDS])
    assert on(played) == Ended(
        exit_codes.HOLDS, [f"basement: driver {NEW} is installed, held and proved (11 holds, 2 could not tell)"]
    )
    assert played.did == ["prove", f"settle {OLD}"]
    outstanding = Played([host(NEW)], [CHANGED], [HOLDS])
    assert on(outstanding, replace(CHANGED, outcome=Outcome.PENDING)).status == exit_codes.PENDING


def test_a_kept_driver_is_proved_as_what_was_declared_of_it() -> None:
    played = Played([host(OLD)], [CHANGED], [HOLDS])
    assert on(played, way=Forward(NEW, OLD, kept=KEPT)).status == exit_codes.HOLDS
    assert played.did[0] == "prove driver.branch=580 driver.version=null driver.flavour=open"


def test_what_fails_before_anything_is_written_down_has_changed_nothing() -> None:
    played = Played([host(OLD, change=None)])
    end = on(played, BROKEN)
    assert end.status == exit_codes.FAILED and end.lines[-1] == "basement: nothing was changed"
    assert played.did == []


def test_what_fails_goes_back_by_itself_and_says_why() -> None:
    played = Played([host(NEW), host(OLD)], [CHANGED, CHANGED], [HOLDS])
    end = on(played, BROKEN)
    assert end.status == exit_codes.FAILED
    assert end.lines[:3] == [
        f"basement: driver {NEW} did not come to a good end:",
        "    Install the driver: nvidia cannot be built",
        "        nv.c: error",
    ]
    assert f"gone back: driver {OLD} is installed, held and proved" in end.lines[-1]
    assert "the host is as it was before" in end.lines[-1]
    assert played.did == [
        f"back to {OLD} because Install the driver: nvidia cannot be built /     nv.c: error",
        "prove driver.branch=580 driver.version=null driver.flavour=open",
        f"settle {OLD}",
    ]


def test_a_proof_that_falls_short_goes_back() -> None:
    played = Played([host(NEW), host(OLD)], [CHANGED, CHANGED], [SHORT, HOLDS])
    end = on(played)
    assert end.status == exit_codes.FAILED and "    Everything is of one version: it is not" in end.lines


def test_a_proof_that_is_not_whole_goes_back() -> None:
    played = Played([host(NEW), host(OLD)], [CHANGED, CHANGED], [Proved("", error="pytest ended with 2"), HOLDS])
    assert "    the proof is not whole: pytest ended with 2" in on(played).lines


def test_another_driver_than_the_one_that_was_to_come_goes_back() -> None:
    played = Played([host("580.105.08"), host(OLD)], [CHANGED, CHANGED], [HOLDS])
    assert f"    driver 580.105.08 is installed, wanted {NEW}" in on(played).lines


def test_a_host_that_is_lost_is_told_how_to_go_on() -> None:
    assert on(Played([host(NEW)]), LOST) == Ended(exit_codes.UNREACHED, ["basement: the connection was lost", CUT])
    assert on(Played([host(NEW)]), STOPPED) == Ended(exit_codes.INTERRUPTED, ["basement: interrupted", CUT])
    gone = Played([Unanswered("no route", lost=True)])
    assert on(gone).status == exit_codes.UNREACHED
    unproved = Played([host(NEW)], [], [Proved("", error="no route", reached=False)])
    assert on(unproved).status == exit_codes.UNREACHED, "nothing is known to fall short"
    back = Played([host(NEW)], [LOST])
    end = on(back, BROKEN)
    assert end.status == exit_codes.UNREACHED and end.lines[-1] == CUT and "cannot be built" in end.lines[1]


def test_a_way_back_that_fails_says_where_it_stands_and_the_one_command() -> None:
    mixed = have(f"{OLD}-1", "a", "b") | have(f"{NEW}-1", "c", status="iF")
    half = host(NEW, packages=mixed, modules=on_disk(KERNEL, version=OLD, running=None))
    played = Played([host(NEW), half], [BROKEN])
    end = on(played, BROKEN)
    assert end.status == exit_codes.STRANDED
    assert end.lines[3:] == [
        f"basement: the way back to driver {OLD} failed, too:",
        "    Install the driver: nvidia cannot be built",
        "        nv.c: error",
        "basement: where it stands:",
        f"    packages  2 of {OLD}, 1 of {NEW}, unfinished",
        f"    modules   {KERNEL}: {OLD}",
        "    loaded    no driver",
        "basement: to go on: rig driver rollback basement",
    ]


def test_without_a_whole_way_back_the_command_is_the_way_forward() -> None:
    lacking = replace(KEPT, files={})
    played = Played([host(NEW, kept={OLD: lacking})], [BROKEN])
    end = on(played, BROKEN)
    assert (end.status, end.lines[-1]) == (exit_codes.STRANDED, "basement: to go on: rig driver upgrade basement")
    nothing = Played([host(NEW, kept={})])
    assert f"    nothing is written down of driver {OLD}" in on(nothing, BROKEN).lines


def test_going_back_on_demand_is_a_good_end() -> None:
    played = Played([host(OLD)], [CHANGED, CHANGED], [HOLDS])
    end = goes_back("basement", played, played.deploys, Back(CHANGE, KEPT), [], asked=True)
    assert end.status == exit_codes.HOLDS and len(end.lines) == 1
    before = replace(CHANGE, step="going back", why=("it fell short",))
    again = Played([host(OLD)], [CHANGED, CHANGED], [HOLDS])
    end = goes_back("basement", again, again.deploys, Back(before, KEPT), [], asked=True)
    assert end.status == exit_codes.HOLDS and "    it fell short" in end.lines, "what had failed is told again"


def test_a_way_back_that_is_not_proved_is_none() -> None:
    played = Played([host(NEW), host(OLD)], [CHANGED], [SHORT, SHORT])
    assert on(played).status == exit_codes.STRANDED
    assert f"settle {OLD}" not in played.did


def test_a_host_that_fails_as_a_whole_says_why() -> None:
    assert failures_of(HostResult("basement", Outcome.FAILED, error="could not read Modules: no")) == [
        "could not read Modules: no"
    ]
    assert failures_of(HostResult("basement", Outcome.FAILED)) == ["it failed without a word"]
    assert failures_of(CHANGED) == []


def test_the_proof_is_read_from_its_document() -> None:
    answers = [
        {"title": "The pin", "answer": "falls short", "message": "a\n  b"},
        {"title": "Loaded", "answer": "could not tell", "message": "a container"},
    ]
    counts = {"holds": 0, "falls short": 1, "could not tell": 1}
    document = {"hosts": [{"reached": True, "error": None, "counts": counts, "answers": answers}]}
    assert proved_by(json.dumps(document), "") == Proved(
        "1 falls short, 1 could not tell", ("The pin: a b",), untold=("Loaded: a container",)
    )
    assert proved_by("", "Error: no\nsuch host").error == "rig verify said: Error: no such host"
    assert proved_by('{"hosts": []}', "").error is not None


def test_a_package_that_is_there_by_halves_is_no_good_end() -> None:
    halves = have(f"{NEW}-1", "libcuda1", "a") | have(f"{NEW}-1", "b", status="hHR")
    played = Played([host(NEW, packages=halves), host(OLD)], [CHANGED, CHANGED], [HOLDS])
    assert "    left unfinished: b (hHR)" in on(played).lines

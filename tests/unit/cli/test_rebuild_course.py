"""How a rebuild goes, part by part, with a host that a test plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from cli import exit_codes
from cli.driver.course import Proved
from cli.rebuild.course import GROUND, PASSES, Ended, Saved, Wishes, rebuilt
from cli.rebuild.parts import Part, Result, Stop, Told, stop
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status

NOTHING = HostResult("basement", Outcome.AS_DECLARED, (OperationResult("base", "x", Status.UNCHANGED, seconds=1),))
CHANGED = HostResult(
    "basement",
    Outcome.CHANGED,
    (
        OperationResult("models", "Pull tiny", Status.CHANGED, seconds=40),
        OperationResult("models", "Pull large", Status.CHANGED, seconds=2),
        OperationResult("", "Reboot if needed", Status.CHANGED, seconds=30),
        OperationResult("gateway", "Open the gateway", Status.UNCHANGED, seconds=5),
    ),
)
REBOOT = OperationResult("reboot", "Reboot if needed", Status.OUTSTANDING, remarks=("it is not allowed",))
OUTSTANDING = HostResult("basement", Outcome.PENDING, (REBOOT,))
BROKEN = HostResult(
    "basement", Outcome.FAILED, (OperationResult("driver", "Install it", Status.FAILED, error="no\n  disk"),)
)
LOST = HostResult("basement", Outcome.UNREACHABLE, error="the connection was lost")
STOPPED = HostResult("basement", Outcome.INTERRUPTED)
ALL: tuple[str, ...] = ()


@dataclass
class Played:
    """What the host answers, in order, and what was done."""

    keeps: bool = True
    saved_: list[Saved | Stop] = field(default_factory=lambda: [Saved()])
    results: list[HostResult] = field(default_factory=lambda: [NOTHING])
    proof: Proved | BaseException = field(default_factory=lambda: Proved("9 holds"))
    ends: dict[str, BaseException] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        self.did.append(what)
        if what in self.ends:
            raise self.ends[what]

    def introduced(self) -> Told:
        self._do("meet")
        return Told(Result.NOTHING)

    def agreed(self) -> None:
        self._do("agree")

    def saved(self) -> Saved:
        found = self.saved_.pop(0)
        if isinstance(found, Stop):
            raise found
        return found

    def restored(self) -> Told:
        self._do("restore")
        return Told(Result.DONE)

    def applied(self, layers: Sequence[str]) -> HostResult:
        self._do(f"apply {' '.join(layers) or 'all'}")
        return self.results.pop(0)

    def proved(self) -> Proved:
        self._do("verify")
        if isinstance(self.proof, BaseException):
            raise self.proof
        return self.proof

    def answered(self) -> Told:
        self._do("ask")
        return Told(Result.DONE, "12 tokens")


def ticking() -> Callable[[], float]:
    """A clock by which everything takes a second."""
    ticks: Iterator[int] = count()
    return lambda: float(next(ticks))


def end(played: Played, **wishes: bool) -> Ended:
    return rebuilt(played, Wishes(**wishes), clock=ticking())


def parts(ended: Ended) -> dict[str, Result]:
    return {part.name: part.told.result for part in ended.parts}


def test_a_bare_host_goes_all_the_way() -> None:
    """What a restore stands on first, what was saved, and only then what would begin anew without it."""
    before = Saved(why="the program is not there yet")
    played = Played(saved_=[before, Saved(earlier=3)], results=[OUTSTANDING, CHANGED, NOTHING])
    ended = end(played)
    assert played.did == [
        "meet",
        "agree",
        f"apply {' '.join(GROUND)}",
        "restore",
        "apply all",
        "apply all",
        "verify",
        "ask",
    ]
    assert parts(ended) == {
        "way in": Result.NOTHING, "backup": Result.DONE, "ground": Result.NOTHING, "restore": Result.DONE,
        "apply": Result.DONE, "apply, 2": Result.NOTHING, "verify": Result.DONE, "answer": Result.DONE,
    }  # fmt: skip
    assert ended.status == exit_codes.HOLDS
    assert ended.seconds == len(ended.parts)
    apply = ended.parts[4]
    assert apply.told.said == "3 changes" and apply.told.layers == {"models": 42, "reboot": 30}
    assert apply.as_dict() == {
        "part": "apply", "result": "done", "seconds": 1.0, "said": "3 changes",
        "layers": {"models": 42, "reboot": 30},
    }  # fmt: skip


def test_a_host_that_is_as_declared_is_only_looked_at() -> None:
    played = Played()
    assert end(played).status == exit_codes.HOLDS
    assert played.did == ["meet", "agree", "apply all", "verify", "ask"]


def test_a_restore_that_was_cut_off_is_gone_on_with() -> None:
    half = Saved(earlier=3, unfinished="1a2b")
    played = Played(saved_=[half, half], results=[NOTHING, NOTHING])
    ended = end(played)
    assert ended.status == exit_codes.HOLDS
    assert ended.parts[1].told.said == "a restore of snapshot 1a2b was interrupted"
    assert played.did[2:4] == [f"apply {' '.join(GROUND)}", "restore"]


def test_without_a_snapshot_there_is_nothing_to_put_back() -> None:
    played = Played(saved_=[Saved(why="not there yet"), Saved()], results=[CHANGED, NOTHING])
    ended = end(played)
    assert (ended.status, parts(ended)["restore"]) == (exit_codes.HOLDS, Result.NOTHING)
    assert "restore" not in played.did


@pytest.mark.parametrize(("keeps", "wanted"), [(False, True), (True, False)])
def test_nobody_asks_for_what_is_not_declared_or_not_wanted(keeps: bool, wanted: bool) -> None:
    played = Played(keeps=keeps, saved_=[])
    ended = end(played, restore=wanted)
    assert (ended.status, parts(ended)["restore"]) == (exit_codes.HOLDS, Result.LEFT_OUT)


def test_a_repository_that_does_not_answer_stops_it_before_anything_begins_anew() -> None:
    gone = Saved(why="no route to nas")
    played = Played(saved_=[gone, gone], results=[NOTHING])
    ended = end(played)
    assert ended.status == exit_codes.FAILED and ended.parts[-1].told.said == "no route to nas"
    assert "--no-restore" in ended.parts[-1].told.more[0]
    assert "apply all" not in played.did


def test_a_ground_that_fails_stops_it() -> None:
    played = Played(saved_=[Saved(earlier=1)], results=[BROKEN])
    ended = end(played)
    assert (ended.status, ended.parts[-1].name) == (exit_codes.FAILED, "ground")
    assert ended.parts[-1].told.said == "Install it: no" and ended.parts[-1].told.more == ("    disk",)


@pytest.mark.parametrize(
    ("what", "error", "status", "last"),
    [
        ("meet", stop(Result.LOST, "another key"), exit_codes.UNREACHED, "way in"),
        ("meet", KeyboardInterrupt(), exit_codes.INTERRUPTED, "way in"),
        ("agree", stop(Result.OUTSTANDING, "no"), exit_codes.PENDING, "plan"),
        ("agree", KeyboardInterrupt(), exit_codes.INTERRUPTED, "plan"),
        ("restore", stop(Result.OUTSTANDING, "something newer"), exit_codes.PENDING, "restore"),
        ("restore", KeyboardInterrupt(), exit_codes.INTERRUPTED, "restore"),
        ("verify", KeyboardInterrupt(), exit_codes.INTERRUPTED, "verify"),
        ("ask", stop(Result.FAILED, "it says nothing"), exit_codes.FAILED, "answer"),
    ],
)
def test_where_it_stops(what: str, error: BaseException, status: int, last: str) -> None:
    played = Played(saved_=[Saved(earlier=1), Saved(earlier=1)], results=[NOTHING, NOTHING], ends={what: error})
    told: list[Part] = []
    ended = rebuilt(played, Wishes(), ended=told.append)
    assert (ended.status, ended.parts[-1].name) == (status, last)
    assert tuple(told) == ended.parts, "and every part is told as it ends, the last one too"
    assert played.did[-1] == what


def test_a_host_that_is_lost_while_it_is_asked() -> None:
    ended = end(Played(saved_=[stop(Result.LOST, "gone")]))
    assert (ended.status, ended.parts[-1].name) == (exit_codes.UNREACHED, "backup")


@pytest.mark.parametrize(
    ("result", "status"),
    [(BROKEN, exit_codes.FAILED), (LOST, exit_codes.UNREACHED), (STOPPED, exit_codes.INTERRUPTED)],
)
def test_an_apply_that_does_not_come_to_its_end_is_the_end(result: HostResult, status: int) -> None:
    played = Played(results=[result])
    assert end(played).status == status
    assert played.did[-1] == "apply all"


def test_what_is_outstanding_is_proved_all_the_same_and_said() -> None:
    played = Played(results=[OUTSTANDING])
    ended = end(played)
    assert ended.status == exit_codes.PENDING and played.did[-1] == "ask"
    assert ended.parts[2].told.more == ("reboot | Reboot if needed: it is not allowed",)


def test_what_the_next_apply_does_is_not_outstanding() -> None:
    some = HostResult("basement", Outcome.PENDING, (*CHANGED.operations, REBOOT))
    assert end(Played(results=[some, NOTHING])).status == exit_codes.HOLDS
    again = end(Played(results=[some, OUTSTANDING]))
    assert (again.status, parts(again)["apply"]) == (exit_codes.PENDING, Result.DONE)


def test_what_never_settles_is_said() -> None:
    played = Played(results=[CHANGED] * PASSES)
    ended = end(played)
    assert played.did.count("apply all") == PASSES
    assert ended.status == exit_codes.PENDING
    said = next(part.told.said for part in ended.parts if part.told.result is Result.OUTSTANDING)
    assert "still changed something: models | Pull tiny" in said


@pytest.mark.parametrize(
    ("proof", "strict", "status"),
    [
        (Proved("1 falls short", ("sshd: no",)), True, exit_codes.FAILED),
        (Proved("1 holds", error="lost on the way"), True, exit_codes.FAILED),
        (Proved("9 holds", untold=("swap: a container",)), True, exit_codes.UNREACHED),
        (Proved("9 holds", untold=("swap: a container",)), False, exit_codes.HOLDS),
    ],
)
def test_a_proof_that_is_none(proof: Proved, strict: bool, status: int) -> None:
    played = Played(proof=proof)
    assert end(played, strict=strict).status == status
    assert played.did[-1] == "ask", "an answer is worth having all the same"


def test_a_proof_of_a_host_that_is_gone_is_the_end() -> None:
    played = Played(proof=Proved("nothing", error="no route", reached=False))
    assert end(played).status == exit_codes.UNREACHED
    assert played.did[-1] == "verify"

"""How a rebuild goes, part by part: what comes next follows from what the host says, and from nothing kept here."""

from __future__ import annotations

import pyinfra_cli  # noqa: F401  (makes the process cooperative: it must come before whatever uses sockets)

# isort: split
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cli import exit_codes
from cli.driver.course import Proved, failures_of
from cli.rebuild.parts import STATUS, Part, Result, Stop, Told, stop
from rigwright.engine.results import HostResult, Outcome, Status

GROUND = ("base", "access", "backup")
"""Layers that a restore stands on: disks, the accounts that own what comes back, and the program that brings it. It
comes before the others, so that no runtime begins with data that has to go again, and no driver is signed by a key that
the firmware does not know."""
PASSES = 3
"""An apply leaves nothing to do, but for what a reboot at its end has changed: so often it is tried."""


@dataclass(frozen=True)
class Saved:
    """What is known on the host of what was saved. ``earlier``: snapshots of before this installation, which has
    neither made nor restored any; ``unfinished``: the one that an interrupted restore was putting in place; ``why``:
    why it cannot be known: the program is not there yet, say, or the repository does not answer."""

    earlier: int = 0
    unfinished: str | None = None
    why: str | None = None

    @property
    def outstanding(self) -> bool:
        """Whether something is to be put back."""
        return bool(self.earlier or self.unfinished)


@dataclass(frozen=True)
class Wishes:
    """What was asked for at the command line."""

    restore: bool = True
    strict: bool = True


class Hand(Protocol):
    """What is done, and asked: each is a run of the engine of its own. All of them raise `Stop`."""

    def introduced(self) -> Told:
        """Have the host known by its key, and reached."""

    def agreed(self) -> None:
        """Have somebody agree to what is about to change."""

    @property
    def keeps(self) -> bool:
        """Whether a backup is declared."""

    def saved(self) -> Saved:
        """What there is to put back."""

    def restored(self) -> Told:
        """Put it back."""

    def applied(self, layers: Sequence[str]) -> HostResult:
        """Plan these layers (none: all), and do it."""

    def proved(self) -> Proved:
        """Hold the host against its declaration."""

    def answered(self) -> Told:
        """Put a question to a model, through the gateway."""


@dataclass(frozen=True)
class Ended:
    """All of it: the parts in order, and the process's exit status."""

    status: int
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(part.seconds for part in self.parts)


def rebuilt(
    hand: Hand,
    wishes: Wishes,
    begins: Callable[[str], None] = lambda name: None,
    ended: Callable[[Part], None] = lambda part: None,
    clock: Callable[[], float] = time.monotonic,
) -> Ended:
    """Go all the way, or as far as it goes. ``begins`` and ``ended`` are told of each part; ``clock``: s."""
    course = _Course(hand, wishes, begins, ended, clock)
    try:
        course.go()
    except Stop as end:
        assert course.parts and course.parts[-1].told is end.told  # its part says why
    results = {part.told.result for part in course.parts}
    status = next((status for result, status in STATUS.items() if result in results), exit_codes.HOLDS)
    return Ended(status, tuple(course.parts))


class _Course:
    def __init__(
        self,
        hand: Hand,
        wishes: Wishes,
        begins: Callable[[str], None],
        ended: Callable[[Part], None],
        clock: Callable[[], float],
    ) -> None:
        self._hand, self._wishes = hand, wishes
        self._begins, self._ended, self._clock = begins, ended, clock
        self.parts: list[Part] = []

    def go(self) -> None:
        self._part("way in", self._hand.introduced)
        self._agreed()
        self._restore()
        self._apply()
        self._part("verify", self._verified)
        self._part("answer", self._hand.answered)

    def _agreed(self) -> None:
        """Not a part: it takes as long as somebody thinks about it."""
        try:
            self._hand.agreed()
        except (Stop, KeyboardInterrupt) as end:
            self._part("plan", _raising(end))

    def _restore(self) -> None:
        """What was saved, put back, unless this installation has its own by now."""
        if not self._hand.keeps or not self._wishes.restore:
            why = "--no-restore" if self._hand.keeps else "no backup is declared"
            self._part("restore", lambda: Told(Result.LEFT_OUT, why))
            return
        # Also where the program is there already: what it stands on may have been cut off half-way.
        if self._part("backup", self._looked).told.result is not Result.NOTHING:
            self._part("ground", lambda: _whole(self._hand.applied(GROUND), on_the_way=True))
            self._part("restore", self._restored)

    def _looked(self) -> Told:
        saved = self._hand.saved()
        if saved.why is not None:
            return Told(Result.DONE, f"cannot be asked yet: {saved.why}")
        if saved.unfinished:
            return Told(Result.DONE, f"a restore of snapshot {saved.unfinished} was interrupted")
        if saved.earlier:
            return Told(Result.DONE, f"snapshots of before this installation: {saved.earlier}")
        return Told(Result.NOTHING, "nothing of before this installation is outstanding")

    def _restored(self) -> Told:
        saved = self._hand.saved()
        if saved.why is not None:
            raise stop(Result.FAILED, saved.why, ("`--no-restore` goes on without what was saved",))
        return self._hand.restored() if saved.outstanding else Told(Result.NOTHING, "there is no snapshot")

    def _apply(self) -> None:
        """Until a plan finds nothing to do any more."""
        for number in range(1, PASSES + 1):
            results: list[HostResult] = []

            def apply(last: bool = number == PASSES, results: list[HostResult] = results) -> Told:
                results.append(self._hand.applied(()))
                return _whole(results[0], on_the_way=not last and bool(_changed(results[0])))

            self._part("apply" if number == 1 else f"apply, {number}", apply)
            if not _changed(results[0]):
                return
        said = f"{PASSES} applies, and the last one still changed something: {', '.join(_changed(results[0]))}"
        self._part("apply", lambda: Told(Result.OUTSTANDING, said))

    def _verified(self) -> Told:
        proof = self._hand.proved()
        if not proof.reached:
            raise stop(Result.LOST, proof.error or "it could not be reached")
        if proof.failures or proof.error:
            error = (f"the proof is not whole: {proof.error}",) if proof.error else ()
            return Told(Result.FAILED, proof.counted, (*proof.failures, *error))
        if proof.untold and self._wishes.strict:
            return Told(Result.UNTOLD, proof.counted, proof.untold)
        return Told(Result.DONE, proof.counted)

    def _part(self, name: str, step: Callable[[], Told]) -> Part:
        self._begins(name)
        began, end = self._clock(), None
        try:
            told = step()
        except Stop as error:
            told, end = error.told, error
        except KeyboardInterrupt:
            end = stop(Result.INTERRUPTED, "interrupted")
            told = end.told
        part = Part(name, told, self._clock() - began)
        self.parts.append(part)
        self._ended(part)
        if end is not None:
            raise end
        return part


def _whole(result: HostResult, on_the_way: bool) -> Told:
    """What an apply came to. ``on_the_way``: another follows, and what is outstanding after this one need not be then.

    Raises `Stop` for one that has not come to its end.
    """
    layers: dict[str, float] = {}
    for each in result.operations:
        if each.seconds is not None and each.status is not Status.UNCHANGED:
            layers[each.layer or "reboot"] = layers.get(each.layer or "reboot", 0) + each.seconds
    if result.outcome is Outcome.UNREACHABLE:
        raise Stop(Told(Result.LOST, result.error or "it could not be reached", layers=layers))
    if result.outcome is Outcome.INTERRUPTED:
        raise Stop(Told(Result.INTERRUPTED, "stopped after the command that was running", layers=layers))
    if result.outcome is Outcome.FAILED:
        first, *rest = failures_of(result)
        raise Stop(Told(Result.FAILED, first, tuple(rest), layers))
    changed = len(_changed(result))
    said = f"{changed} change{'s' if changed != 1 else ''}"
    if result.outcome is Outcome.PENDING and not on_the_way:
        left = [each for each in result.operations if each.status is Status.OUTSTANDING or each.pending]
        why = tuple(f"{each.title}: {'; '.join(each.remarks or each.why) or each.status}" for each in left)
        return Told(Result.OUTSTANDING, f"{said}; {len(left)} outstanding", why, layers)
    return Told(Result.DONE, said, layers=layers) if changed else Told(Result.NOTHING)


def _changed(result: HostResult) -> list[str]:
    return [each.title for each in result.with_status(Status.CHANGED)]


def _raising(error: BaseException) -> Callable[[], Told]:
    def step() -> Told:
        raise error

    return step

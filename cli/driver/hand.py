"""The engine's part of a change of the driver: runs on one host, one after the other, and the proof in a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.driver.course import Deploy, Deploys, Proved, Unanswered
from cli.running import start
from rigwright.choice.driver_change import OVERLOOKED

if TYPE_CHECKING:
    from pyinfra.api.host import Host

    from cli.progress import Silent
    from rigwright.choice.driver_change import Forward, Look
    from rigwright.engine.results import HostResult
    from rigwright.facts.driver_change import Change, Kept
    from rigwright.spec.load import Declarations
    from rigwright.spec.rig import Rig

LAYER = "driver"


class EngineHand:
    """One host of a declaration.

    ``given``: `--profile` and `--set` as they were given, for the proof; ``watcher``: makes one for each run.
    """

    def __init__(self, declared: Declarations, given: Sequence[str], watcher: Callable[[], Silent]) -> None:
        (self.host,) = declared.rigs
        self._declared, self._given, self._watcher = declared, tuple(given), watcher

    @property
    def rig(self) -> Rig:
        """What is declared."""
        return self._declared.rigs[self.host]

    def asked(self, question: Callable[[Host], Any]) -> Any:
        """What a question to the host comes to. Raises `Unanswered`."""
        from rigwright.engine import run as engine  # noqa: PLC0415  # pyinfra: not for `--help`

        run = start(self._declared, (LAYER,), self._watcher())
        try:
            answer = run.ask(question)[self.host]
        finally:
            run.close()
        if isinstance(answer, engine.Unanswered):
            raise Unanswered(answer.why, answer.lost)
        return answer

    def look(self) -> Look:
        """The host as it is now. Raises `Unanswered`."""
        from tasks.driver import looking  # noqa: PLC0415

        found: Look = self.asked(lambda host: looking.look(host, None))
        return found

    def carried_out(self, deploy: Deploy, agreed: Callable[[HostResult], bool] = lambda result: True) -> HostResult:
        """Plan it, and do it if ``agreed`` says yes to the plan."""
        watcher = self._watcher()
        run = start(self._declared, (LAYER,), watcher)
        try:
            with watcher.shown():
                (planned,) = run.plan(lambda: deploy(self.rig))
            if not planned.pending or not agreed(planned):
                return planned
            with watcher.shown():
                (done,) = run.apply()
            return done
        finally:
            run.close()

    def proved(self, overrides: Sequence[str] = ()) -> Proved:
        """Hold the driver's layer against the declaration; ``overrides``: of a driver that is not the declared one."""
        more = [word for each in overrides for word in ("--set", each)]
        more += [word for each in OVERLOOKED if overrides for word in ("--overlook", each)]
        click.echo(f"{self.host}: proving layer {LAYER} …")
        command = ["verify", self.host, "--layer", LAYER, *self._given, *more, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "--chdir", str(self._declared.root), *command],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return proved_by(done.stdout, done.stderr)


def proved_by(document: str, complaint: str) -> Proved:
    """What a document of `rig verify --json` says of its only host."""
    try:
        (host,) = json.loads(document)["hosts"]
    except (ValueError, KeyError):
        why = " ".join((complaint or document).split())[-600:]
        return Proved("nothing proved", error=f"rig verify said: {why or 'nothing'}")
    counts = host["counts"]
    counted = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    failures, untold = (_those(host["answers"], verdict) for verdict in ("falls short", "could not tell"))
    return Proved(counted, failures, host["error"], host["reached"], untold)


def _those(answers: Sequence[dict[str, Any]], verdict: str) -> tuple[str, ...]:
    found = (each for each in answers if each["answer"] == verdict)
    return tuple(f"{each['title']}: {' '.join((each['message'] or '').split())}" for each in found)


def deploys() -> Deploys:
    """What is deployed to go back, and at the end."""
    from tasks.driver import change  # noqa: PLC0415  # pyinfra: not for `--help`

    def back(goal: Kept, under_way: Change, why: Sequence[str]) -> Deploy:
        return lambda rig: change.back(rig, goal, under_way, tuple(why))

    def settled(keep: Sequence[str]) -> Deploy:
        return lambda rig: change.settled(tuple(keep))

    return Deploys(back, settled)


def forward(way: Forward, way_back: bool) -> Deploy:
    """What is deployed to go to another driver."""
    from tasks.driver import change  # noqa: PLC0415  # pyinfra: not for `--help`

    kept = way.kept
    if kept is None:
        return lambda rig: change.upgrade(rig, way, way_back)
    return lambda rig: change.to_kept(rig, kept, way, way_back)

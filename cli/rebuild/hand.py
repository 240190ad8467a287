"""What a rebuild does to its host: runs of the engine, one after the other, the proof in a process, and a question."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.door import door_to, model_of, route_of
from cli.driver.course import Proved
from cli.driver.hand import proved_by
from cli.rebuild.course import Saved
from cli.rebuild.introduction import accepted, introduced
from cli.rebuild.parts import Result, Told, stop
from cli.rebuild.putting_back import put_back, saved
from cli.running import start
from rigwright.chat import NoAnswer, stream
from rigwright.chat import Told as Answer
from rigwright.engine.results import HostResult, Outcome
from rigwright.spec.rig import LAYERS

if TYPE_CHECKING:
    from cli.progress import Silent
    from cli.rebuild.shown import Shown
    from rigwright.chat import Door
    from rigwright.spec.load import Declarations

QUESTION = "In one sentence: are you there?"
TOKENS = 32
WAIT_S = 300
"""How long nothing of an answer may come: the model may have to be loaded first."""
PATIENCE_S = 120.0
"""How long an answer is asked for: after a reboot the gateway may be there before what it leads to."""
PAUSE_S = 3.0


@dataclass(frozen=True)
class Given:
    """The command line: ``options``: --profile and --set again, for another `rig`."""

    options: Sequence[str]
    fingerprint: str | None
    snapshot: str | None
    over_newer: bool
    yes: bool
    as_json: bool


class EngineHand:
    """One host of a declaration. ``watcher``: makes one for each run; ``shown``: says how it goes."""

    def __init__(self, declared: Declarations, given: Given, watcher: Callable[[], Silent], shown: Shown) -> None:
        (self.host,) = declared.rigs
        self._declared, self._given, self._watcher, self._shown = declared, given, watcher, shown

    @property
    def keeps(self) -> bool:
        """Whether a backup is declared."""
        return self._declared.rigs[self.host].backup.repository is not None

    def introduced(self) -> Told:
        """Have the host known by its key, and reached. Raises `Stop`."""
        somebody = not self._given.as_json and sys.stdin.isatty()
        believed = accepted(self._declared, self.host, self._given.fingerprint)
        return introduced(self._declared, self.host, believed, click.confirm if somebody else None)

    def agreed(self) -> None:
        """Show all that would change, and ask; with --yes nobody is asked. Raises `Stop`."""
        if self._given.yes:
            return
        watcher = self._watcher()
        run = start(self._declared, LAYERS, watcher)
        try:
            with watcher.shown():
                (planned,) = run.plan()
        finally:
            run.close()
        self._show(planned)
        if planned.outcome is Outcome.UNREACHABLE:
            raise stop(Result.LOST, planned.error or "it could not be reached")
        if planned.outcome is Outcome.FAILED:
            raise stop(Result.FAILED, planned.error or "the plan failed")
        if planned.pending and not click.confirm(f"Make {self.host} so, with reboots where they are allowed?"):
            raise stop(Result.OUTSTANDING, "the answer was no: nothing was changed")

    def saved(self) -> Saved:
        """What there is to put back. Raises `Stop`."""
        with self._shown.waiting("asking what was saved"):
            return saved(self._declared, self.host)

    def restored(self) -> Told:
        """Put it back. Raises `Stop`."""
        given = self._given
        return put_back(
            self._declared, self.host, given.snapshot, given.over_newer, given.yes, given.as_json, self._shown
        )

    def applied(self, layers: Sequence[str]) -> HostResult:
        """Plan these layers (none: all), and do it."""
        watcher = self._watcher()
        run = start(self._declared, tuple(layers) or LAYERS, watcher)
        try:
            with watcher.shown():
                (planned,) = run.plan()
            if not planned.pending:
                return planned
            with watcher.shown():
                (done,) = run.apply()
            return done
        finally:
            run.close()

    def proved(self) -> Proved:
        """Hold the host against its declaration."""
        command = ["verify", self.host, *self._given.options, "--json"]
        with self._shown.waiting("verifying"):
            done = subprocess.run(
                [sys.executable, "-m", "cli.main", "--chdir", str(self._declared.root), *command],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        return proved_by(done.stdout, done.stderr)

    def answered(self) -> Told:
        """Put a question to a model through the gateway, where there is one to ask. Raises `Stop`."""
        rig = self._declared.rigs[self.host]
        if not rig.gateway.routes:
            return Told(Result.LEFT_OUT, "no gateway is declared")
        try:
            route = route_of(rig, None)
            model = model_of(rig, route)
        except click.UsageError as error:
            return Told(Result.LEFT_OUT, error.message)
        try:
            door = door_to(self._declared, rig, route, None, None)
        except click.UsageError as error:
            return Told(Result.LEFT_OUT, error.message)
        except click.ClickException as error:
            raise stop(Result.FAILED, error.message) from error
        with self._shown.waiting(f"waiting for {model} to answer"):
            return _answer(door, model)

    def _show(self, planned: HostResult) -> None:
        from cli import console  # noqa: PLC0415
        from cli.plan_view import show  # noqa: PLC0415

        show(console.out(), [planned])


def _answer(door: Door, model: str) -> Told:
    """Ask until there is an answer, or patience ends. Raises `Stop`."""
    end = time.monotonic() + PATIENCE_S
    while True:
        told = Answer()
        try:
            pieces = list(stream(door, model, QUESTION, TOKENS, WAIT_S, told))
        except NoAnswer as error:
            if time.monotonic() > end:
                raise stop(Result.FAILED, str(error)) from error
            time.sleep(PAUSE_S)
            continue
        if not pieces or told.first_s is None:
            raise stop(Result.FAILED, f"{model} at {door.url} said nothing")
        speed = f", then {told.tokens_per_s:.1f} tokens/s" if told.tokens_per_s else ""
        said = f"{told.tokens} tokens from {told.model} at {door.url}: {told.first_s:.2f} s to the first{speed}"
        return Told(Result.DONE, said)

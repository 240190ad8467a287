"""What upgrade and rollback have in common once the host was looked at: the question, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from cli import exit_codes
from cli.driver.course import CUT_OFF, Ended, Unanswered, failures_of, goes_back, goes_on
from rigwright.choice.driver_change import Back, Forward, Nothing

if TYPE_CHECKING:
    from cli.driver.hand import EngineHand
    from rigwright.engine.results import HostResult

Found = TypeVar("Found")


def follow(hand: EngineHand, step: Forward | Back | Nothing, yes: bool, way_back: bool, demanded: bool) -> int:
    """Say what is about to be done, ask, do it, say how it ended. ``demanded``: going back is what was asked for."""
    try:
        return _followed(hand, step, yes, way_back, demanded)
    except KeyboardInterrupt:
        click.echo(f"{hand.host}: interrupted; {CUT_OFF.format(host=hand.host)}", err=True)
        return exit_codes.INTERRUPTED


def _followed(hand: EngineHand, step: Forward | Back | Nothing, yes: bool, way_back: bool, demanded: bool) -> int:
    from cli.driver.hand import deploys, forward  # noqa: PLC0415

    if isinstance(step, Nothing):
        click.echo(f"{hand.host}: {step.said}; there is nothing to do")
        return exit_codes.HOLDS
    if isinstance(step, Back):
        change = step.change
        click.echo(f"{hand.host}: the change from driver {change.old} to {change.new} was cut off, {change.step}")
        if not yes and not click.confirm(f"Go back to driver {change.old} on {hand.host}?"):
            return exit_codes.PENDING
        return _told(goes_back(hand.host, hand, deploys(), step, [], asked=demanded))
    again = ", begun before," if step.resumed else ""
    click.echo(f"{hand.host}: driver {step.old} → {step.new}{again}")
    asked_for = _Question(hand.host, step, yes)
    result = hand.carried_out(forward(step, way_back), asked_for)
    if asked_for.declined:
        return exit_codes.PENDING
    if not asked_for.reached and failures_of(result) and not step.resumed:
        return _refused(result)
    return _told(goes_on(hand.host, hand, deploys(), step, result))


def looked(host: str, question: Callable[[], Found]) -> Found | int:
    """What a question to the host comes to; or the exit status, where it was not answered."""
    try:
        return question()
    except Unanswered as error:
        click.echo(f"{host}: {error}", err=True)
        return exit_codes.UNREACHED if error.lost else exit_codes.FAILED


class _Question:
    """Shows the plan and asks. ``reached``: there was a plan to agree to."""

    def __init__(self, host: str, step: Forward, yes: bool) -> None:
        self._host, self._step, self._yes = host, step, yes
        self.reached = self.declined = False

    def __call__(self, planned: HostResult) -> bool:
        from rigwright.engine.results import Outcome  # noqa: PLC0415

        if planned.outcome in (Outcome.FAILED, Outcome.UNREACHABLE):
            return False
        _show(planned)
        self.reached = True
        if self._yes:
            return True
        self.declined = not click.confirm(f"Change the driver of {self._host} to {self._step.new}?")
        return not self.declined


def _refused(result: HostResult) -> int:
    from rigwright.engine.results import Outcome  # noqa: PLC0415

    for line in failures_of(result):
        click.echo(f"{result.host}: {line}", err=True)
    if result.outcome is Outcome.UNREACHABLE:
        return exit_codes.UNREACHED
    click.echo(f"{result.host}: nothing was changed", err=True)
    return exit_codes.FAILED


def _show(result: HostResult) -> None:
    from cli import console  # noqa: PLC0415
    from cli.plan_view import show  # noqa: PLC0415

    show(console.out(), [result])


def _told(end: Ended) -> int:
    for line in end.lines:
        click.echo(line)
    return end.status

"""How a change of the driver goes: forward and proved, or back and proved, or a word on where it stands."""

from __future__ import annotations

import pyinfra_cli  # noqa: F401  (makes the process cooperative: it must come before whatever uses sockets)

# isort: split
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cli import exit_codes
from rigwright.choice.driver_change import Back, Forward, Look, overrides_of
from rigwright.engine.results import HostResult, Outcome, Status
from rigwright.facts.driver_change import Change, Kept

if TYPE_CHECKING:
    from rigwright.spec.rig import Rig

Deploy = Callable[["Rig"], None]
CUT_OFF = "run the same again: it goes on where it was; or go back: rig driver rollback {host}"


class Unanswered(Exception):
    """A step has not come to its end; ``lost``: the host was not reached, ``interrupted``: somebody pressed Ctrl-C."""

    def __init__(self, text: str, lost: bool = False, interrupted: bool = False) -> None:
        super().__init__(text)
        self.lost, self.interrupted = lost, interrupted


@dataclass(frozen=True)
class Proved:
    """What the proof of the driver's layer came to. ``failures``: what falls short, a line each."""

    counted: str
    failures: tuple[str, ...] = ()
    error: str | None = None
    """Why it is not whole."""
    reached: bool = True
    untold: tuple[str, ...] = ()
    """What could not be told, a line each."""


class Hand(Protocol):
    """What is done to the host, one run of the engine each."""

    def look(self) -> Look:
        """The host as it is now. Raises `Unanswered`."""

    def carried_out(self, deploy: Deploy) -> HostResult:
        """Plan it and do it, unasked."""

    def proved(self, overrides: Sequence[str] = ()) -> Proved:
        """Hold the driver's layer against the declaration; ``overrides``: of a driver that is not the declared one."""


@dataclass(frozen=True)
class Deploys:
    """What is deployed for each part of the way."""

    back: Callable[[Kept, Change, Sequence[str]], Deploy]
    settled: Callable[[Sequence[str]], Deploy]


@dataclass(frozen=True)
class Ended:
    """The end of it: the process's exit status, and what there is to say."""

    status: int
    lines: list[str] = field(default_factory=list)


def goes_on(host: str, hand: Hand, deploys: Deploys, way: Forward, result: HostResult) -> Ended:
    """After the deploy that goes forward has ended with ``result``: prove it and end, or go back."""
    try:
        return _on(host, hand, deploys, way, result)
    except Unanswered as error:
        return _cut_off(host, error)


def goes_back(host: str, hand: Hand, deploys: Deploys, way: Back, why: Sequence[str], asked: bool = False) -> Ended:
    """Back to the old driver, proved. ``why``: what failed; ``asked``: that is what somebody wants."""
    told = []
    if way.change.why or not asked:
        told = [f"{host}: driver {way.change.new} did not come to a good end:", *_indented(way.change.why or why)]
    try:
        failures, done = _back(host, hand, deploys, way, why)
    except Unanswered as error:
        end = _cut_off(host, error)
        return Ended(end.status, [*told, *end.lines])
    if failures:
        return _stranded(host, hand, told, failures, way)
    return Ended(exit_codes.HOLDS if asked else exit_codes.FAILED, [*told, done])


def _on(host: str, hand: Hand, deploys: Deploys, way: Forward, result: HostResult) -> Ended:
    failures = _failures_if_whole(result)
    look = hand.look()
    if failures and look.change is None:
        return Ended(exit_codes.FAILED, [*_indented(failures), f"{host}: nothing was changed"])
    failures = failures or _another_installed(look, way.new)
    counted = ""
    if not failures:
        failures, counted = _proof(hand, overrides_of(way.kept) if way.kept is not None else ())
    if not failures:
        return _arrived(host, hand, deploys, way, counted, result)
    if look.change is None:
        lines = [*_indented(failures), f"{host}: the record of the change is gone", *_at(host, look)]
        return Ended(exit_codes.STRANDED, lines)
    return goes_back(host, hand, deploys, Back(look.change, look.kept.get(look.change.old)), failures)


def _back(host: str, hand: Hand, deploys: Deploys, way: Back, why: Sequence[str]) -> tuple[list[str], str]:
    """What failed on the way back; and, where nothing did, what there is to say."""
    old = way.change.old
    if way.kept is None:
        return [f"nothing is written down of driver {old}"], ""
    failures = _failures_if_whole(hand.carried_out(deploys.back(way.kept, way.change, why)))
    look = hand.look()
    failures = failures or _another_installed(look, old)
    counted = ""
    if not failures:
        failures, counted = _proof(hand, overrides_of(way.kept))
    if not failures:
        failures = _failures_if_whole(hand.carried_out(deploys.settled(list(look.kept))))
    return failures, (
        f"{host}: gone back: driver {old} is installed, held and proved ({counted}); the host is as it was before"
    )


def _another_installed(look: Look, wanted: str) -> list[str]:
    halves = sorted(f"{name} ({each.status})" for name, each in look.packages.items() if each.status[1:2] != "i")
    if halves:
        return [f"left unfinished: {', '.join(halves)}"]
    return [] if look.installed == wanted else [f"driver {look.installed or 'none'} is installed, wanted {wanted}"]


def _proof(hand: Hand, overrides: Sequence[str]) -> tuple[list[str], str]:
    """What falls short in the proof, and its counts. Raises `Unanswered` where the host was not reached."""
    proof = hand.proved(overrides)
    if not proof.reached:
        raise Unanswered(proof.error or "it could not be reached", lost=True)
    return [*proof.failures, *([f"the proof is not whole: {proof.error}"] if proof.error else [])], proof.counted


def _failures_if_whole(result: HostResult) -> list[str]:
    """As `failures_of`. Raises `Unanswered` for a run that was cut off."""
    if result.outcome is Outcome.UNREACHABLE:
        raise Unanswered(result.error or "it could not be reached", lost=True)
    if result.outcome is Outcome.INTERRUPTED:
        raise Unanswered("interrupted", interrupted=True)
    return failures_of(result)


def failures_of(result: HostResult) -> list[str]:
    """What failed, operation by operation, with the log's telling lines."""
    found = []
    for each in result.operations:
        if each.status is Status.FAILED:
            first, *rest = (each.error or "it failed without a word").splitlines()
            found += [f"{each.name}: {first}", *(f"    {line.strip()}" for line in rest)]
    if not found and result.error is not None:
        found = result.error.splitlines()
    return found or (["it failed without a word"] if result.outcome is Outcome.FAILED else [])


def _arrived(host: str, hand: Hand, deploys: Deploys, way: Forward, counted: str, result: HostResult) -> Ended:
    if failures := _failures_if_whole(hand.carried_out(deploys.settled([way.old]))):
        return Ended(exit_codes.FAILED, [*_indented(failures), f"{host}: {CUT_OFF.format(host=host)}"])
    said = f"{host}: driver {way.new} is installed, held and proved ({counted})"
    return Ended(exit_codes.PENDING if result.outcome is Outcome.PENDING else exit_codes.HOLDS, [said])


def _cut_off(host: str, error: Unanswered) -> Ended:
    status = exit_codes.UNREACHED if error.lost else exit_codes.FAILED
    if error.interrupted:
        status = exit_codes.INTERRUPTED
    return Ended(status, [f"{host}: {error}", f"{host}: {CUT_OFF.format(host=host)}"])


def _stranded(host: str, hand: Hand, told: list[str], failures: Sequence[str], way: Back) -> Ended:
    """The way back failed, too: what failed there, where it stands, and the one command to go on."""
    command = "rollback" if way.kept is not None and not way.kept.missing else "upgrade"
    lines = [*told, f"{host}: the way back to driver {way.change.old} failed, too:", *_indented(failures)]
    try:
        lines += _at(host, hand.look())
    except Unanswered as error:
        lines.append(f"{host}: where it stands could not be seen: {error}")
    return Ended(exit_codes.STRANDED, [*lines, f"{host}: to go on: rig driver {command} {host}"])


def _at(host: str, look: Look) -> list[str]:
    """Where it stands: packages by version, modules by kernel, what is loaded."""
    by_version: dict[str, int] = {}
    for package in look.packages.values():
        state = "" if package.status[1:2] == "i" else ", unfinished"
        label = f"{package.upstream or package.version}{state}"
        by_version[label] = by_version.get(label, 0) + 1
    modules = [
        f"{kernel}: {', '.join(each.version for each in look.modules.on_disk.get(kernel, ())) or 'none'}"
        for kernel in look.kernels
    ]
    return [
        f"{host}: where it stands:",
        f"    packages  {', '.join(f'{count} of {version}' for version, count in by_version.items()) or 'none'}",
        f"    modules   {'; '.join(modules) or 'no kernel is installed here'}",
        f"    loaded    {look.modules.running or 'no driver'}",
    ]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]

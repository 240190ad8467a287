"""The services that use the cards, and so the driver: stopped before it changes, started after."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.choice.runtimes.service import unit_of
from rigwright.engine.reasons import because, remark
from rigwright.facts.driver_change import ChangeUnderWay
from rigwright.facts.runtimes import OwnRuntimes
from rigwright.facts.smi import CardPrograms
from rigwright.facts.units import Units
from rigwright.operations import cdi, units
from rigwright.operations.driver.persistence import UNIT as PERSISTENCE

HEALTH = "rigwright-health.timer"
"""Looks after runtimes, and would start one that does not answer."""
RIGD = "rigd.service"


def running() -> list[str]:
    """Those that run now, in the order in which they have to stop."""
    runtimes = host.get_fact(OwnRuntimes)
    names = [HEALTH, *(unit_of(name) for name in sorted(runtimes)), RIGD, PERSISTENCE]
    return [name for name, state in host.get_fact(Units, names=names).items() if state.running]


@operation()
def stopped() -> Generator[str, None, None]:
    """Stop them: what watches runtimes, runtimes, rigd (which hands the fans back to the cards), the daemon."""
    names, programs = running(), host.get_fact(CardPrograms)
    if programs:
        named = ", ".join(f"{program} ({number})" for number, program in programs.items())
        remark(
            f"computing on a card now: {named}; what of it is no service of ours is not stopped, and a reboot ends it"
        )
    if not names:
        host.noop("no service uses the cards")
        return
    because(f"running, wanted stopped while the driver changes: {', '.join(names)}")
    for name in names:
        yield f"systemctl stop {shlex.quote(name)}"


@operation()
def started() -> Generator[str, None, None]:
    """Start those that ran before the change began, the last that was stopped first."""
    change = host.get_fact(ChangeUnderWay)
    if change is None or not change.stopped:
        host.noop("no service ran before")
        return
    state = host.get_fact(Units, names=list(change.stopped))
    waiting = [name for name in reversed(change.stopped) if not state[name].running]
    if not waiting:
        host.noop("all run that ran before")
        return
    for name in waiting:
        yield from units.service._inner(unit=name, running=True, enabled=None, told_lines=15)


@operation()
def described(spec: str, unit: str) -> Generator[str, None, None]:
    """As `cdi.current`, where the unit that writes the specification is there: containers get the driver as it is."""
    if not host.get_fact(Units, names=[unit])[unit].exists:
        host.noop("no container gets the cards here")
        return
    yield from cdi.current._inner(spec=spec, unit=unit)

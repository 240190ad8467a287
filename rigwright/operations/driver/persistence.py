"""The persistence daemon: keeps the driver's state in memory while no program uses the cards."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.modules import Modules
from rigwright.facts.smi import Smi
from rigwright.facts.units import Units
from rigwright.operations import units

UNIT = "nvidia-persistenced.service"
DROP_IN = "/etc/systemd/system/nvidia-persistenced.service.d/50-rigwright.conf"


@operation()
def daemon(on: bool, shipped_static: bool) -> Generator[str, None, None]:
    """Have the daemon started at boot, and running where the driver is loaded, if ``on``; else neither.

    ``shipped_static``: the package's own unit is started by udev and leaves persistence off (Ubuntu); our drop-in makes
    it otherwise. Then "off" is the unit as shipped. Without a loaded driver it could not start, so that is
    left to the boot.
    """
    state = host.get_fact(Units, names=[UNIT])[UNIT]
    loaded = host.get_fact(Modules).running is not None
    if not state.exists:
        host.noop(f"{UNIT} is not installed")
    elif on and loaded:
        yield from units.service._inner(unit=UNIT, running=True, enabled=True, files=[DROP_IN])
    elif on:
        yield from _at_boot(enabled=True)
    elif shipped_static:
        yield from _at_boot(enabled=False)
    else:
        yield from units.service._inner(unit=UNIT, running=False, enabled=False)


@operation()
def mode(on: bool) -> Generator[str, None, None]:
    """Set every card's persistence mode, where a driver is loaded."""
    if host.get_fact(Modules).running is None:
        host.noop("no driver is loaded: the mode follows at boot")
        return
    other = [card.index for card in host.get_fact(Smi) if card.persistence is not on]
    if not other:
        host.noop(f"persistence mode is {'on' if on else 'off'} on every card")
        return
    wanted = "on" if on else "off"
    because(f"persistence mode of card {', '.join(map(str, other))}: not {wanted}, wanted {wanted}")
    yield f"nvidia-smi --persistence-mode={int(on)}"


def _at_boot(enabled: bool) -> Generator[str, None, None]:
    state = host.get_fact(Units, names=[UNIT])[UNIT]
    steps: list[tuple[str, str]] = []
    if enabled and state.masked:
        steps.append(("masked", f"systemctl unmask {UNIT} && systemctl unmask --runtime {UNIT}"))
    if state.need_daemon_reload:
        steps.append(("its unit file changed", "systemctl daemon-reload"))
    if enabled and (state.enabled != "enabled"):
        steps.append((f"{state.enabled or 'not enabled'}, wanted enabled", f"systemctl enable {UNIT}"))
    if not enabled and state.enabled == "enabled":
        steps.append(("enabled, wanted as shipped", f"systemctl disable {UNIT}"))
    if not steps:
        host.noop(f"{UNIT} is as declared")
        return
    because(f"{UNIT}: " + "; ".join(reason for reason, _ in steps))
    for _, command in steps:
        yield command

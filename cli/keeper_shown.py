"""What rigd does on a host that is tried, with its simulated cards at work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from rigwright.choice.rigd import kept

if TYPE_CHECKING:
    from rigwright.spec.rig import Rig
    from sim.host.reachable import Reachable

WARM_S = 20
"""So long the cards work before they are shown; they take minutes to be warm through."""
STATUS = "python3 -I /opt/rigd/rigd.pyz status"
METRICS = (
    "rigd_core_celsius",
    "rigd_fan_percent",
    "rigd_power_limit_watts",
    "rigd_power_limit_declared_watts",
    "rigd_supply_limits_watts",
)


def show_rigd(rig: Rig, host: Reachable) -> None:
    """Put the cards to work for some seconds; print the limits and curve in force, rigd's status and metrics."""
    if not kept(rig) or not rig.hardware.gpus:
        return
    click.secho(f"\n== rigd, with the simulated cards at work for {WARM_S} s: {STATUS}", bold=True)
    indices = range(len(rig.hardware.gpus))
    host.run("; ".join(f"rigwright-sim-gpu load {index} training" for index in indices))
    with click.progressbar(range(WARM_S), label="warming up") as seconds:
        for _ in seconds:
            time.sleep(1)
    click.echo(host.run(STATUS, check=False).stdout)
    click.echo(f"  limits     {_limits(rig)}")
    click.echo(f"  fan curve  {_curve(rig)}")
    listen = rig.rigd.metrics.listen
    if listen is not None:
        fetch = f"import urllib.request as u; print(u.urlopen('http://{listen}/metrics').read().decode())"
        told = host.run(f'python3 -I -c "{fetch}"').stdout.splitlines()
        shown = [line for line in told if line.startswith(METRICS)]
        click.echo(f"  metrics    http://{listen}/metrics on the host, {len(told)} lines, among them:")
        click.echo("\n".join(f"               {line}" for line in shown))
    host.run("; ".join(f"rigwright-sim-gpu load {index} idle" for index in indices))


def _limits(rig: Rig) -> str:
    of_all = "the cards' own" if rig.power.limit_w is None else f"{rig.power.limit_w} W"
    others = [f"{name} {own.limit_w} W" for name, own in rig.power.cards.items() if own.limit_w is not None]
    shared = ", shared within each supply's budget" if rig.power.shared else ""
    return ", ".join([of_all, *others]) + shared


def _curve(rig: Rig) -> str:
    if rig.fans.curve is None:
        return "the cards' own"
    points = ", ".join(f"{percent} % at {celsius} °C" for celsius, percent in rig.fans.curve)
    below = rig.fans.automatic_below_c
    return points + (f"; the cards' own below {below} °C" if below is not None else "")

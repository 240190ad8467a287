"""`rig driver upgrade`: the planned step to another driver that the hold otherwise prevents."""

from __future__ import annotations

import re

import click

from cli import exit_codes
from cli.declared import load
from cli.driver.declaration import note
from cli.driver.options import change_options, one_host, repeated, somebody_to_ask

_TARGET = re.compile(r"^\d{3}([.]\d{1,3}){0,2}$")


@click.command("upgrade")
@change_options
@click.option("--to", metavar="BRANCH|VERSION", help="E.g. 590, or 590.44.01; default: what the declaration says.")
def upgrade(
    host: str,
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    yes: bool,
    no_reboot: bool,
    without_way_back: bool,
    to: str | None,
) -> int:
    """Bring HOST to the newest driver of the declared branch, or the declared version, as one step with a way back.

    What the declaration or the cards cannot run with is refused offline. Then the plan, and the question. The new
    packages are fetched and the old ones kept on the host before anything moves; what uses the cards is stopped;
    packages, modules for every kernel, a reboot if one is needed; the proof of the layer. When anything of it fails,
    the host goes back by itself to the old packages, without a network, and that is proved too. Cut off anywhere, the
    same command goes on.

    Exit status 0: the driver is there and proved; 1: refused, or failed and gone back: the host is as it was; 2:
    declined, or done with something outstanding; 3: the host could not be reached, or was lost on the way: run again;
    4: the way back failed, too: what is printed says where it stands and what to type; 130: interrupted: run again.
    """
    somebody_to_ask(yes)
    given = (*overrides, *_asked(to), *(("driver.reboot=false",) if no_reboot else ()))
    plain = one_host(host, profiles, overrides)
    declared = load((host,), profiles, given)
    from cli.driver.asking import follow, looked  # noqa: PLC0415  # pyinfra: not for `--help`, nor what is refused offline
    from cli.driver.hand import EngineHand  # noqa: PLC0415
    from cli.running import watcher_for  # noqa: PLC0415
    from rigwright.choice.driver_change import Forward, Impossible, Refused, upgrade_step  # noqa: PLC0415
    from tasks.driver import looking  # noqa: PLC0415

    hand = EngineHand(declared, repeated(profiles, given), lambda: watcher_for(as_json=False))
    found = looked(hand.host, lambda: hand.asked(lambda at: looking.asked(at, hand.rig)))
    if isinstance(found, int):
        return found
    wanted, look = found
    try:
        step = upgrade_step(look, wanted, hand.rig.driver.reboot)
    except (Refused, Impossible) as error:
        click.echo(f"{hand.host}: {error}\n{hand.host}: nothing was changed", err=True)
        return exit_codes.FAILED
    status = follow(hand, step, yes, way_back=not without_way_back, demanded=False)
    if status in (exit_codes.HOLDS, exit_codes.PENDING) and isinstance(step, Forward):
        note(plain, hand.host, step.new)
    return status


def _asked(to: str | None) -> tuple[str, ...]:
    if to is None:
        return ()
    if not _TARGET.match(to):
        raise click.UsageError(f"--to {to}: expected a driver branch such as 590, or a version such as 590.44.01.")
    if "." in to:
        return (f"driver.version={to}", "driver.branch=null")
    return ("driver.version=null", f"driver.branch={to}")

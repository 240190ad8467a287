"""`rig driver rollback`: back to the driver that an upgrade has replaced."""

from __future__ import annotations

import click

from cli import exit_codes
from cli.driver.declaration import note
from cli.driver.options import change_options, one_host, repeated, somebody_to_ask


@click.command("rollback")
@change_options
def rollback(
    host: str,
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    yes: bool,
    no_reboot: bool,
    without_way_back: bool,
) -> int:
    """Bring HOST back to the driver that is kept there: the one that the last upgrade replaced. No network is needed.

    As an upgrade, with the same care: the packages of now are kept first, and when anything fails it goes back to
    them. Of an upgrade that was cut off, it is the way back. Afterwards the other one is kept: a second rollback
    returns to it.

    Exit status as of `rig driver upgrade`.
    """
    somebody_to_ask(yes)
    given = (*overrides, *(("driver.reboot=false",) if no_reboot else ()))
    declared = one_host(host, profiles, given)
    from cli.driver.asking import follow, looked  # noqa: PLC0415  # pyinfra: not for `--help`, nor what is refused offline
    from cli.driver.hand import EngineHand  # noqa: PLC0415
    from cli.running import watcher_for  # noqa: PLC0415
    from rigwright.choice.driver_change import Forward, Refused, rollback_step  # noqa: PLC0415

    hand = EngineHand(declared, repeated(profiles, given), lambda: watcher_for(as_json=False))
    look = looked(hand.host, hand.look)
    if isinstance(look, int):
        return look
    try:
        step = rollback_step(look, hand.rig.driver.reboot)
    except Refused as error:
        click.echo(f"{hand.host}: {error}\n{hand.host}: nothing was changed", err=True)
        return exit_codes.FAILED
    status = follow(hand, step, yes, way_back=not without_way_back, demanded=True)
    if status in (exit_codes.HOLDS, exit_codes.PENDING):
        note(declared, hand.host, step.new if isinstance(step, Forward) else step.change.old)
    return status

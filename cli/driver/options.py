"""What upgrade and rollback have in common at the command line, before anything is connected to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.declared import load

if TYPE_CHECKING:
    from rigwright.spec.load import Declarations

Command = TypeVar("Command", bound=Callable[..., Any])


def change_options(command: Command) -> Command:
    """Add HOST, --profile, --set, --yes, --no-reboot and --without-way-back."""
    for option in (
        click.option(
            "--without-way-back",
            is_flag=True,
            help="Go on though packages of the installed driver can be had nowhere any more.",
        ),
        click.option("--no-reboot", is_flag=True, help="Never reboot, whatever the declaration allows."),
        click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal to ask at."),
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one key."),
        click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Add a profile."),
        click.argument("host"),
    ):
        command = option(command)
    return command


def somebody_to_ask(yes: bool) -> None:
    """Raises click.UsageError where nobody can be asked, and nobody has said yes before."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked without a terminal: add --yes to go ahead without asking.")


def one_host(host: str, profiles: Sequence[str], overrides: Sequence[str]) -> Declarations:
    """The declaration of the one host, which has a driver of ours. Raises click's errors."""
    declared = load((host,), tuple(profiles), tuple(overrides))
    if len(declared.rigs) != 1:
        raise click.UsageError(f"one host's driver is changed at a time, and {', '.join(declared.rigs)} are named.")
    (rig,) = declared.rigs.values()
    if rig.driver.state == "absent" or rig.driver.source == "none":
        key = "driver.state is 'absent'" if rig.driver.state == "absent" else "driver.source is 'none'"
        raise click.ClickException(f"{rig.name}: {key}: there is no driver of ours to change.")
    return declared


def repeated(profiles: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """The same options again, for another `rig`."""
    given = {"--profile": profiles, "--set": overrides}
    return [word for name, values in given.items() for each in values for word in (name, each)]

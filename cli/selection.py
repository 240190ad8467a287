"""Which of the hosts, and which layers: the options that plan, apply and verify have beyond those of all commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def layer_and_limit(command: Command) -> Command:
    """Add --layer and --limit to a command, as ``layers`` and ``limits``."""
    command = click.option(
        "--limit",
        "limits",
        multiple=True,
        metavar="PATTERN",
        help="Of these hosts only those: a name, a group, or a pattern such as 'lab-*'. May be repeated.",
    )(command)
    return click.option(
        "--layer",
        "layers",
        multiple=True,
        metavar="NAME",
        help="Only this layer. May be repeated, or several as a,b.",
    )(command)


def chosen_layers(layers: Sequence[str]) -> tuple[str, ...]:
    """The layers asked for; all of them if none was. Raises click.UsageError for an unknown one."""
    from rigwright.engine.layers import UnknownLayer, named  # noqa: PLC0415  # not for `--help`
    from rigwright.spec.rig import LAYERS  # noqa: PLC0415

    try:
        return named(layers) if layers else LAYERS
    except UnknownLayer as error:
        raise click.UsageError(f"--layer: {error}") from error

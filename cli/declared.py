"""What commands share: the arguments that choose hosts and add to their declarations, and loading them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import click

from rigwright.spec.faults import DeclarationError, Fault
from rigwright.spec.load import Declarations, NoSuchHostError, OverrideError, load_rigs
from rigwright.spec.project import NoProjectError, project_root

Command = TypeVar("Command", bound=Callable[..., Any])


def hosts_and_overrides(command: Command) -> Command:
    """Add [HOSTS]... --profile --set to a command, as ``hosts``, ``profiles`` and ``overrides``."""
    command = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override one key, e.g. driver.branch=590. Lists and mappings as JSON. May be repeated.",
    )(command)
    command = click.option(
        "--profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        help="Add a profile after the declared ones. May be repeated.",
    )(command)
    return click.argument("hosts", nargs=-1, metavar="[HOSTS]...")(command)


def load(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    limits: tuple[str, ...] = (),
    overlooked: Collection[str] = (),
) -> Declarations:
    """The declarations of these hosts and groups, of all where none is named; of those only what the limits meet.

    ``overlooked``: ids of faults that do not count.

    Raises click.UsageError for what is wrong with the command line; Unsound for what is wrong with the declaration.
    """
    context = click.get_current_context()
    try:
        root = project_root(context.find_object(object))  # type: ignore[arg-type]
        return load_rigs(
            root,
            hosts=list(hosts) or None,
            limits=limits,
            profiles=list(profiles),
            overrides=list(overrides),
            overlooked=overlooked,
        )
    except (NoProjectError, NoSuchHostError, OverrideError) as error:
        raise click.UsageError(str(error), context) from error
    except DeclarationError as error:
        raise Unsound(error) from error


class Unsound(click.ClickException):
    """The declaration has faults; shown one under the other, on stderr."""

    def __init__(self, error: DeclarationError) -> None:
        super().__init__(str(error))
        self.faults = error.faults

    def show(self, file: Any = None) -> None:
        """Every fault, labelled."""
        from cli.faults import show_faults  # noqa: PLC0415  # rich is not imported unless something is shown

        show_faults(self.faults)


def print_soundness(sound: Sequence[str], faults: Sequence[Fault]) -> None:
    """What `rig check --json` prints, and any other offline command with --json whose declaration has faults."""
    errors = [fault.as_dict() for fault in faults if fault.severity == "error"]
    warnings = [fault.as_dict() for fault in faults if fault.severity == "warning"]
    document = {"sound": not errors, "hosts": list(sound), "faults": errors, "warnings": warnings}
    click.echo(json.dumps(document, indent=2))

"""`rig`: finds the command, runs it, and turns what can go wrong into a text and an exit status."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import click

from cli import exit_codes


class Entry(NamedTuple):
    """A command before it is loaded."""

    module: str
    help: str


COMMANDS = {
    "show": Entry("cli.show", "Print a host's whole declaration, and where each value was set."),
    "schema": Entry("cli.schema", "Print the JSON schema of a declaration."),
    "check": Entry("cli.check", "Say whether the declaration is sound, or everything that is wrong with it. Offline."),
    "plan": Entry("cli.plan", "Say what an apply would change, and why."),
    "apply": Entry("cli.apply", "Bring hosts into the declared state."),
    "verify": Entry("cli.verify", "Prove that hosts are as declared."),
    "rebuild": Entry("cli.rebuild", "From a bare, reachable host to the server that answers, in one command."),
    "driver": Entry("cli.driver", "Which driver hosts have; the planned step to another one, and back."),
    "models": Entry("cli.models", "What models are declared; pin them, pull them, see whether they fit."),
    "runtimes": Entry("cli.runtimes", "What serves models: whether it runs, on which cards, how fast."),
    "images": Entry("cli.images", "Which images runtimes use; pin them to digests."),
    "ask": Entry("cli.ask", "Put a question to a model through the gateway, and say how fast the answer came."),
    "backup": Entry("cli.backup", "Save what must survive a reinstall now; list and check what is saved."),
    "restore": Entry("cli.restore", "Put back what was saved, shown first."),
    "capture": Entry("cli.capture", "Write a declaration from a running host, and what no key can say of it."),
    "installer": Entry("cli.installer", "Make media that install a host unattended, on the one disk that is meant."),
    "install": Entry("cli.install", "Install a host on its disk from a live system that SSH reaches."),
    "simulate": Entry("cli.simulate", "Run the declared fans, limits and budgets against a model of the cards."),
    "try": Entry("cli.try_", "Apply and prove the declaration on a throw-away host on this machine."),
}
"""Command → where it is, in the order of the help. Loaded when used: `rig --help` imports none of them."""


class Rig(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None: there is none of this name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = import_module(entry.module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `rig --help`, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but an unknown command is answered with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415  # only on the way to an error

            near = get_close_matches(args[0], list(COMMANDS), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from rigwright import __version__  # noqa: PLC0415  # costs nothing unless asked for

        click.echo(f"rig {__version__}")
        ctx.exit()


@click.command(cls=Rig, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.option(
    "--chdir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder, if not the current one or one above it.",
)
@click.pass_context
def cli(ctx: click.Context, chdir: Path | None) -> None:
    """Declare a GPU server once; rebuild it, prove it and keep it safe from that one declaration.

    Exit status: 0 as declared, 1 failed or falls short, 2 changes pending, 3 could not reach or, with verify --strict,
    could not tell, 4 a change of the driver neither done nor taken back, 64 wrong usage, 130 interrupted.
    """
    ctx.obj = chdir


def main(arguments: list[str] | None = None) -> None:
    """Run `rig` and leave with its exit status."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run `rig`; the exit status."""
    try:
        status = cli.main(args=arguments, prog_name="rig", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return exit_codes.USAGE
    except click.ClickException as error:
        error.show()
        return exit_codes.FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return exit_codes.INTERRUPTED
    return status if isinstance(status, int) else exit_codes.HOLDS


if __name__ == "__main__":
    main()

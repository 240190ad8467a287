"""`rig capture`: a declaration from a host as it runs, so that nobody has to begin with an empty file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.capture.reaching import NoAnswer, the_project, way_in
from cli.capture.writing import put, writable
from cli.declared import Unsound

if TYPE_CHECKING:
    from cli.capture.ending import Captured


@click.command("capture")
@click.argument("host", metavar="HOST")
@click.option("--ssh-user", metavar="USER", help="Who logs in; default: as the inventory or ssh's configuration says.")
@click.option("--ssh-port", type=click.IntRange(1, 65535), metavar="PORT", help="Default: ssh's own.")
@click.option("--ssh-key", metavar="FILE", help="Private key; default: the agent's and those in ~/.ssh.")
@click.option("--name", metavar="NAME", help="What the host is to be called in the inventory; default: HOST.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there, e.g. to inventory/attic.py, whole or not at all; default: to standard output.",
)
@click.option("--overwrite", is_flag=True, help="Take the place of a FILE that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(
    host: str,
    ssh_user: str | None,
    ssh_port: int | None,
    ssh_key: str | None,
    name: str | None,
    output: Path | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write the declaration of HOST, a name as ssh takes it, from what it is now. Nothing on it is changed.

    HOST need not be in the inventory; where it is, the way in is taken from there. What a layer can say is written as
    an inventory file, and only where it is not the default. What no probe can tell (supplies, plugs) is left to be
    filled in; what no key can say (foreign sources, cron, units made by hand) is named in comments. No secret is
    written down.

    Exit status 0: written, and sound as it stands; 2: written, with lines to fill in or to decide; 1: the host did not
    answer, runs an unknown release, or the file is there already; 3: the host could not be reached.
    """
    writable(output, overwrite)
    try:
        captured = _captured(host, name, ssh_user, ssh_port, ssh_key, output)
    except NoAnswer as error:
        return _failed(host, str(error), exit_codes.UNREACHED if error.lost else exit_codes.FAILED, as_json)
    except Unsound as error:  # of the project's own files
        if not as_json:
            raise
        return _failed(host, str(error), exit_codes.FAILED, as_json)
    if output is not None:
        put(captured.text, output, overwrite)
    from cli.capture.ending import ended  # noqa: PLC0415  # pyinfra: not for `--help`

    return ended(captured, output, as_json)


def _captured(
    host: str, name: str | None, user: str | None, port: int | None, key: str | None, output: Path | None
) -> Captured:
    """Look at the host. Raises NoAnswer, Unsound, click.UsageError."""
    project = the_project(click.get_current_context().find_object(object))  # type: ignore[arg-type]
    way = way_in(host, name, project, user, port, key)
    from cli.capture import asking  # noqa: PLC0415  # pyinfra: not for `--help`
    from cli.capture.ending import Captured  # noqa: PLC0415

    return Captured.of(asking.asked(way, project), way, project, output, datetime.now(UTC).date())


def _failed(host: str, why: str, status: int, as_json: bool) -> int:
    """Say why there is nothing."""
    if as_json:
        click.echo(json.dumps({"command": "capture", "exit_status": status, "host": host, "error": why}, indent=2))
    else:
        click.echo(f"{host}: {why}", err=True)
    return status

"""`rig install`: from any live system that is reached by SSH to a bare host on its own disk."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli import exit_codes
from cli.declared import load

if TYPE_CHECKING:
    from cli.rescue import Options

_FINGERPRINT = re.compile(r"^(SHA256:)?([A-Za-z0-9+/]{43})=?$")
_PLACE = re.compile(r"^(?:([A-Za-z_][A-Za-z0-9_.-]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$")


class Place(NamedTuple):
    """Where the live system answers."""

    user: str
    address: str
    port: int


def _place(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Place | None:
    if value is None:
        return None
    matched = _PLACE.match(value)
    port = int(matched[3] or 22) if matched else 0
    if matched is None or not 0 < port < 2**16:
        raise click.BadParameter(
            f"{value!r}: expected [USER@]ADDRESS[:PORT], e.g. root@192.168.1.77 or user@[fd00::7]:22.", ctx, parameter
        )
    return Place(matched[1] or "root", matched[2].strip("[]"), port)


def _fingerprint(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    matched = _FINGERPRINT.match(value)
    if matched is None:
        raise click.BadParameter(
            f"{value!r}: expected the SHA256 fingerprint of the live system's host key, as `ssh-keygen -lf` says it "
            "on its own screen: SHA256: and 43 letters.",
            ctx,
            parameter,
        )
    return f"SHA256:{matched[2]}"


@click.command("install")
@click.argument("host")
@click.option(
    "--at",
    callback=_place,
    metavar="[USER@]ADDRESS[:PORT]",
    help="Where the live system answers; USER: root, or one who may use sudo. Default: as HOST itself is declared.",
)
@click.option(
    "--fingerprint",
    callback=_fingerprint,
    metavar="SHA256:…",
    help="The live system's host key, as its own screen says it; known_hosts is left alone then. Needs --at.",
)
@click.option(
    "--ssh-key", type=click.Path(exists=True, dir_okay=False), help="The private key that opens the live system."
)
@click.option("--plan", "plan_only", is_flag=True, help="Say what would be done, and stop.")
@click.option(
    "--wipe",
    is_flag=True,
    help="Also where the disk is mounted, or a part of an array or a volume group; with --yes, whatever is on it.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reboot", is_flag=True, help="Restart into what was installed.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one key. May be repeated.")
def command(
    host: str,
    at: Place | None,
    fingerprint: str | None,
    ssh_key: str | None,
    plan_only: bool,
    wipe: bool,
    yes: bool,
    reboot: bool,
    overrides: tuple[str, ...],
) -> int:
    """Install HOST as declared in `install`, from a live system that it was started from and that SSH reaches.

    Debian alone. The one disk of the declared serial number is erased; no other disk is written to. First it is shown
    which disk that is, what is on it and what will be, and asked: the answer is its serial number. The host ends with
    the declared people, network and host key (one is made and kept in .rig/installer/HOST where none is declared), and
    `rig apply` does the rest. Cut off anywhere, the same command begins anew; a disk is marked as done last of all.

    Exit status 0: it is installed; 1: refused, or failed: the text says where; 2: the answer was no, nothing was
    written; 3: the live system could not be reached, or was lost; 130: interrupted.
    """
    if fingerprint is not None and at is None:
        raise click.UsageError("--fingerprint is of the host at an address: add --at ADDRESS.")
    if not yes and not plan_only and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked without a terminal: add --yes to erase the disk without asking.")
    declared = load((host,), (), overrides)
    if list(declared.rigs) != [host]:
        raise click.UsageError(f"{host} is no host; these are: {', '.join(declared.rigs)}")
    from cli.rescue import Options, Refusal, rescued  # noqa: PLC0415  # pyinfra: not for `--help`

    options: Options = Options(at, fingerprint, Path(ssh_key) if ssh_key else None, plan_only, wipe, yes, reboot)
    try:
        return rescued(declared, host, options)
    except Refusal as error:
        click.echo(f"{host}: {error}", err=True)
        return error.status
    except KeyboardInterrupt:
        click.echo(f"{host}: interrupted; the disk is not whole: run it again, and it begins anew", err=True)
        return exit_codes.INTERRUPTED

"""`rig rebuild`: from a bare host that was just installed to the server that answers, in one command."""

from __future__ import annotations

import re
import sys

import click

from cli import exit_codes
from cli.declared import Unsound, load

_FINGERPRINT = re.compile(r"^(SHA256:)?([A-Za-z0-9+/]{43})=?$")


def _fingerprint(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    matched = _FINGERPRINT.match(value)
    if matched is None:
        raise click.BadParameter(
            f"{value!r}: expected the SHA256 fingerprint of its host key, as `ssh-keygen -lf` says it on the machine "
            "itself: SHA256: and 43 letters.",
            ctx,
            parameter,
        )
    return f"SHA256:{matched[2]}"


@click.command("rebuild")
@click.argument("host")
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Add a profile.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one key.")
@click.option(
    "--fingerprint",
    metavar="SHA256:…",
    callback=_fingerprint,
    help="Believe a host that shows a key with this fingerprint, which the machine itself has told you.",
)
@click.option("--yes", is_flag=True, help="Do not ask. An unknown host key is not believed by that.")
@click.option("--no-reboot", is_flag=True, help="Never reboot, whatever the declaration allows.")
@click.option("--no-restore", is_flag=True, help="Put back nothing that was saved.")
@click.option("--snapshot", metavar="ID", help="What is put back, of `rig backup list`; default: the newest.")
@click.option("--over-newer", is_flag=True, help="Put it back also over what is newer on the host, without asking.")
@click.option(
    "--strict/--no-strict", default=True, help="Whether what `rig verify` could not tell counts.", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else. Needs --yes.")
def command(
    host: str,
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    fingerprint: str | None,
    yes: bool,
    no_reboot: bool,
    no_restore: bool,
    snapshot: str | None,
    over_newer: bool,
    strict: bool,
    as_json: bool,
) -> int:
    """Bring HOST from a fresh installation to the server that answers, and say how long each part took.

    Its host key is believed where it is the declared one (ssh_host_key) or has the fingerprint that is given, and
    otherwise only when somebody at the terminal says that it is the machine's own; known_hosts is changed then. What a
    restore stands on is applied, what was saved before is put back, then all layers, with reboots where they are
    allowed, until nothing is left to do. It is verified, and a model is asked through the gateway. On a host that is as
    declared nothing is changed. Interrupted anywhere, the same command goes on.

    Exit status 0: as declared, proved, and it answers; 1: something failed or falls short; 2: the answer was no, or
    something is outstanding: newer data in the way of a restore, a reboot that is not allowed; 3: the host could not be
    reached, shows a key that nobody vouches for, or (unless --no-strict) something could not be told; 130: interrupted.
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        where = "with --json" if as_json else "without a terminal"
        raise click.UsageError(f"nobody can be asked {where}: add --yes to rebuild without asking.")
    if no_restore and (snapshot or over_newer):
        raise click.UsageError("--no-restore puts nothing back: leave --snapshot and --over-newer away.")
    given = (*overrides, *(("driver.reboot=false",) if no_reboot else ()))
    from cli.rebuild.shown import Shown, print_document  # noqa: PLC0415

    try:
        declared = load((host,), profiles, given)
    except Unsound as error:
        if as_json:
            print_document(None, None, exit_codes.FAILED, error.faults)
            return exit_codes.FAILED
        raise
    if len(declared.rigs) != 1:
        raise click.UsageError(f"{host} stands for {', '.join(declared.rigs)}: name one of them.")
    from cli.driver.options import repeated  # noqa: PLC0415
    from cli.rebuild.course import Wishes, rebuilt  # noqa: PLC0415  # pyinfra: not for `--help`
    from cli.rebuild.hand import EngineHand, Given  # noqa: PLC0415
    from cli.running import show_warnings, watcher_for  # noqa: PLC0415

    (name,) = declared.rigs
    if not as_json:
        show_warnings(declared)
    shown = Shown(name, silent=as_json)
    asked = Given(repeated(profiles, given), fingerprint, snapshot, over_newer, yes, as_json)
    hand = EngineHand(declared, asked, lambda: watcher_for(as_json), shown)
    ended = rebuilt(hand, Wishes(restore=not no_restore, strict=strict), shown.begins, shown.ended)
    if as_json:
        print_document(name, ended, ended.status, declared.warnings)
    else:
        shown.all(ended)
    return ended.status

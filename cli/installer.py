"""`rig installer`: media that install a host unattended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.declared import Unsound, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from rigwright.installer.media import Format, Media
    from rigwright.spec.load import Declarations

FORMATS = ("iso", "netboot", "files")
EXAMPLE = '"install": {"release": "trixie", "disk": {"serial": "..."}}'


@click.command("installer")
@click.argument("host")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="iso",
    show_default=True,
    help="iso: for a stick or a disc; netboot: a folder to be served, or for a virtual machine; files: to look at.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to make them in; default: .rig/installer/HOST of the project.",
)
@click.option("--wipe", is_flag=True, help="Erase the disk also where it is a part of an array or a volume group.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one key. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(host: str, form: Format, output: Path | None, wipe: bool, overrides: tuple[str, ...], as_json: bool) -> int:
    """Make media that install HOST as declared in `install`: unattended, on the one disk of that serial number.

    For Debian the installer comes from the mirror, checked by Debian's signature, with the answers in it. For Ubuntu
    the answers alone are made: its own image is needed beside them. They hold the host's private key: all is made for
    its owner alone, and what they are written to should be, too. Nothing is connected to but the mirror.

    Exit status 0; 1: the declaration has faults or no section `install`, something could not be fetched or is not what
    was signed, a key or a program is missing.
    """
    try:
        declared = load((host,), (), overrides)
    except Unsound as error:
        if not as_json:
            raise
        _print(exit_codes.FAILED, [fault.as_dict() for fault in error.faults], [])
        return exit_codes.FAILED
    if list(declared.rigs) != [host]:
        raise click.UsageError(f"{host} is no host; these are: {', '.join(declared.rigs)}")
    faults = [fault.as_dict() for fault in declared.warnings]
    try:
        media = _made(declared, host, form, output, wipe, as_json)
    except _NotMade as error:
        if not as_json:
            raise click.ClickException(str(error)) from error
        _print(exit_codes.FAILED, faults, [{"host": host, "error": str(error)}])
        return exit_codes.FAILED
    if as_json:
        _print(exit_codes.HOLDS, faults, [{"host": host, "error": None, **_told(media, form)}])
    else:
        _show(media, form)
    return exit_codes.HOLDS


class _NotMade(Exception):
    pass


def _made(declared: Declarations, host: str, form: Format, output: Path | None, wipe: bool, quiet: bool) -> Media:
    from rigwright.catalog import catalog  # noqa: PLC0415  # none of this for --help
    from rigwright.installer.archive import ArchiveError, no_progress  # noqa: PLC0415
    from rigwright.installer.host_key import KeyUnusable  # noqa: PLC0415
    from rigwright.installer.media import make  # noqa: PLC0415
    from rigwright.installer.places import ProgramFailed, ProgramMissing  # noqa: PLC0415
    from rigwright.secrets import SecretUnreadable  # noqa: PLC0415

    rig = declared.rigs[host]
    if rig.install is None:
        raise _NotMade(
            f"{host}: install is not declared: expected what to install, and on which disk. Nothing was made. Add "
            f"{EXAMPLE} to its entry; `lsblk -d -o NAME,SIZE,MODEL,SERIAL` prints serial numbers."
        )
    own = declared.root / ".rig/installer"
    try:
        return make(
            rig,
            declared.connections[host],
            catalog(),
            form,
            output or own / host,
            own / "packages",
            wipe=wipe,
            progress=no_progress if quiet else _progress(),
        )
    except (ArchiveError, KeyUnusable, ProgramFailed, ProgramMissing, SecretUnreadable) as error:
        raise _NotMade(f"{host}: {error}") from error
    except OSError as error:
        raise _NotMade(f"{host}: cannot write {error.filename}: {error.strerror}") from error


def _progress() -> Callable[[str, int, int], None]:
    """One line for each file that is fetched, when it begins; on a terminal it grows."""
    from cli import console  # noqa: PLC0415

    told: set[str] = set()
    terminal = console.err()

    def progress(what: str, done: int, total: int) -> None:
        if what not in told:
            told.add(what)
            size = f", {total / 10**6:.0f} MB" if total else ""
            terminal.print(f"fetching {what}{size} …", soft_wrap=True)
        elif terminal.is_terminal and total and done < total:
            terminal.print(f"  {100 * done // total} %", end="\r")

    return progress


def _told(media: Media, form: Format) -> dict[str, Any]:
    from rigwright.choice.install.layout import layout_of  # noqa: PLC0415
    from rigwright.installer.steps import qemu, steps  # noqa: PLC0415

    return {
        "release": media.order.release.codename,
        "format": form,
        "disk": layout_of(media.order.rig).serial,
        "wipe": media.order.wipe,
        "mark": media.order.mark,
        "folder": str(media.folder),
        "files": [str(path) for path in media.files],
        "host_key": media.order.host_key.public,
        "host_key_from": media.host_key_from,
        "known_hosts": media.known_hosts,
        "people": [person.name for person in media.order.people],
        "kernel": str(media.kernel) if media.kernel else None,
        "initrd": str(media.initrd) if media.initrd else None,
        "append": media.append,
        "qemu": qemu(media) if media.kernel else None,
        "erased": media.erased,
        "steps": list(steps(media, form)),
    }


def _show(media: Media, form: Format) -> None:
    from cli import console  # noqa: PLC0415
    from rigwright.installer.steps import steps  # noqa: PLC0415

    screen = console.out()
    screen.print(media.erased, style="bold", soft_wrap=True)
    who = ", ".join(person.name for person in media.order.people)
    screen.print(f"Who can log in, by key alone: {who}. Its SSH host key: {media.host_key_from}.", soft_wrap=True)
    for path in media.files:
        screen.print(f"made {path}", soft_wrap=True)
    for number, step in enumerate(steps(media, form), 1):
        screen.print(f"{number}. {step}", soft_wrap=True)


def _print(status: int, faults: list[dict[str, object]], hosts: list[dict[str, Any]]) -> None:
    document = {"command": "installer", "exit_status": status, "faults": faults, "hosts": hosts}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))

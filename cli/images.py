"""`rig images`: which images runtimes use, and their digests."""

from __future__ import annotations

import click

from cli import exit_codes
from cli.declared import load
from rigwright.spec.load import Declarations
from rigwright.spec.locks import write_images

NOT_LOCKED = ("runtimes.not-locked",)


@click.group("images", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """Without a command: the images of all runtimes, and the digests that they are pinned to. Offline.

    Exit status 0; 1: the declaration has faults.
    """
    return _listing() if ctx.invoked_subcommand is None else None


@command.command("lock")
@click.option("--upgrade", is_flag=True, help="Ask anew for images that are locked already, too.")
def lock(upgrade: bool) -> int:
    """Ask registries for the images that are not locked yet, and write images.lock.

    The file belongs beside the inventory, in version control: what runs is what stands there, until a
    `rig images lock --upgrade` says otherwise. Entries that no runtime uses any more are dropped.

    Exit status 0; 1: a registry did not say, and images.lock is as it was.
    """
    from rigwright.locking.images import CannotLock, digest_of  # noqa: PLC0415  # loads an HTTP client

    declared = load((), (), (), overlooked=NOT_LOCKED)
    found = {}
    for image, digest in _images(declared).items():
        if digest is not None and not upgrade:
            found[image] = digest
            continue
        try:
            found[image] = digest_of(image)
        except CannotLock as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{image}: {found[image]}")
    write_images(declared.root, found)
    click.echo(f"images.lock: {len(found)} image{'' if len(found) == 1 else 's'}")
    return exit_codes.HOLDS


def _images(declared: Declarations) -> dict[str, str | None]:
    """Every image that a runtime uses → its digest, as far as it is locked."""
    from rigwright.catalog import catalog  # noqa: PLC0415
    from rigwright.choice.runtimes import image_of  # noqa: PLC0415

    return {
        image: rig.locks.images.get(image)
        for rig in declared.rigs.values()
        for runtime in rig.runtimes.services.values()
        if (image := image_of(runtime, catalog().runtimes[runtime.kind])) is not None
    }


def _listing() -> int:
    declared = load((), (), (), overlooked=NOT_LOCKED)
    images = _images(declared)
    for image, digest in images.items():
        click.echo(f"{image}  {digest or 'not locked: rig images lock'}")
    if not images:
        click.echo("No runtime uses an image: runtimes.services.")
    return exit_codes.HOLDS

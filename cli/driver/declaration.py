"""What has to be changed in the declaration for it to agree with the driver that a host has now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rigwright.spec.load import Declarations


def note(declared: Declarations, host: str, upstream: str) -> None:
    """Say which line of which file still says something else; nothing, if none does."""
    line = disagreement(declared, host, upstream)
    if line is not None:
        click.echo(line)


def disagreement(declared: Declarations, host: str, upstream: str) -> str | None:
    """That line; None: the declaration is of this driver. ``declared``: without `--to`."""
    driver, branch = declared.rigs[host].driver, upstream.partition(".")[0]
    if driver.version is not None:
        key, said, right = "driver.version", driver.version, upstream
    elif driver.branch is not None:
        key, said, right = "driver.branch", str(driver.branch), branch
    else:
        return None
    if said == right:
        return None
    origin = declared.origins[host][key]
    return (
        f"{host}: the declaration says {key} = {said} ({origin}): change it to {right} there; until then `rig plan` "
        "names the difference, and `rig apply` would go back to it"
    )

"""How the host is reached: as the inventory says where it is in it, else as ssh's configuration does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from cli.declared import Unsound
from rigwright.spec.check import built
from rigwright.spec.connection import Connection
from rigwright.spec.faults import DeclarationError
from rigwright.spec.files import Project, read_project
from rigwright.spec.layers import merge_host
from rigwright.spec.project import NoProjectError, project_root


class NoAnswer(Exception):
    """The host could not be asked, or did not answer; the text says why. ``lost``: it was not reached."""

    def __init__(self, why: str, lost: bool) -> None:
        super().__init__(why)
        self.lost = lost


@dataclass(frozen=True)
class WayIn:
    """``host``: as ssh takes it; ``name``: in the inventory to be; ``entry``: the connection as it is to be written."""

    host: str
    name: str
    connection: Connection

    @property
    def entry(self) -> dict[str, object]:
        """The keys of the connection that are not their defaults."""
        found = self.connection.model_dump(by_alias=True, exclude_defaults=True)
        if self.name != self.host:
            found.setdefault("ssh_hostname", self.host)
        return found


def the_project(chdir: Path | None) -> Project | None:
    """The project that we are in; None: there is none, as when somebody begins. Raises Unsound."""
    try:
        return read_project(project_root(chdir))
    except NoProjectError as error:
        if chdir is not None:
            raise click.UsageError(str(error)) from error
        return None
    except DeclarationError as error:
        raise Unsound(error) from error


def way_in(
    host: str, name: str | None, project: Project | None, user: str | None, port: int | None, key: str | None
) -> WayIn:
    """What the command line says, over what is declared, over ssh's own. Raises Unsound, click.UsageError."""
    login, _, address = host.rpartition("@")
    if not address or any(character.isspace() for character in host):
        raise click.UsageError(f"HOST {host!r}: expected a name or an address as ssh takes it, e.g. attic or me@attic")
    connection = _declared(address, project) or Connection(ssh_user=_user_of_ssh(address))
    given = {"ssh_user": user or login or None, "ssh_port": port, "ssh_key": key}
    wanted = {**connection.model_dump(), **{name: value for name, value in given.items() if value is not None}}
    called = name or address
    if any(character.isspace() for character in called):
        raise click.UsageError(f"--name {called!r}: expected a host's name, without blanks")
    return WayIn(address, called, Connection(**wanted))


def _declared(host: str, project: Project | None) -> Connection | None:
    entry = project.inventory.hosts.get(host) if project is not None else None
    if project is None or entry is None:
        return None
    merged, _ = merge_host(project, entry, [], [])
    _, connection, faults = built(host, merged, project.locks)
    if connection is None:
        raise Unsound(DeclarationError([fault for _, fault in faults]))
    return connection


def _user_of_ssh(host: str) -> str:
    """User in ssh's configuration; root without one, as everywhere in `rig`."""
    import rigwright.engine.run  # noqa: F401, PLC0415  # makes the process cooperative, so before all that uses sockets

    # isort: split
    from rigwright.engine.ssh_config import UnusableConfig, user_of  # noqa: PLC0415

    try:
        return user_of(host) or Connection.model_fields["ssh_user"].default
    except UnusableConfig as error:
        raise click.ClickException(f"ssh's configuration is of no use: {error}") from error

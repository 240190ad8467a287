"""The course of `rig install`: keys, a look at the live system, the plan, the question, the work, how to go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli import exit_codes
from cli.running import exit_status, watcher_for
from rigwright.catalog import catalog
from rigwright.choice.install.layout import DiskLayout, layout_of
from rigwright.choice.install.rescue import Ground, RescueRefused, ground, interface, told
from rigwright.choice.install.target import DiskRefused, data_disks
from rigwright.engine.run import Run, Unanswered
from rigwright.facts.live_system import LiveState, LiveSystem
from rigwright.installer.host_key import KeyUnusable
from rigwright.installer.media import known_hosts, ordered
from rigwright.installer.places import written
from rigwright.installer.rescue import Identities, Making, making, marked, on_interface
from rigwright.secrets import SecretUnreadable
from rigwright.spec.load import use
from tasks.install import from_live_system

if TYPE_CHECKING:
    from cli.install import Place
    from rigwright.engine.results import HostResult
    from rigwright.installer.payload import Order
    from rigwright.spec.connection import Connection
    from rigwright.spec.load import Declarations

EXAMPLE = '"install": {"release": "trixie", "disk": {"serial": "..."}}'
LIVE_KNOWN_HOSTS = "live_known_hosts"


class Options(NamedTuple):
    """The command line."""

    at: Place | None
    fingerprint: str | None
    ssh_key: Path | None
    plan_only: bool
    wipe: bool
    yes: bool
    reboot: bool


class Refusal(Exception):
    """Nothing was written to a disk; ``status``: the exit status."""

    def __init__(self, text: str, status: int = exit_codes.FAILED) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Site:
    """What is to be installed, and from where."""

    host: str
    order: Order
    key_from: str
    known: str
    folder: Path
    connection: Connection

    @property
    def layout(self) -> DiskLayout:
        """The disk's."""
        return layout_of(self.order.rig)


def rescued(declared: Declarations, host: str, options: Options) -> int:
    """Install it; the exit status. Raises `Refusal`."""
    site = _site(declared, host, options)
    use(declared)
    watcher = watcher_for(False)
    run = Run(declared.root, {host: site.connection}, watcher=watcher)
    try:
        with watcher.shown():
            live = run.ask(lambda each: each.get_fact(LiveSystem))[host]
        if isinstance(live, Unanswered):
            raise Refusal(live.why, exit_codes.UNREACHED if live.lost else exit_codes.FAILED)
        found = _ground(site, live, options)
        order = marked(on_interface(site.order, _mac(site, live)))
        if found.state == "installed" and found.mark == order.mark and not options.wipe:
            where = f"{order.mark} on {found.disk.words}"
            click.echo(f"{host}: all of this is installed there already ({where}); --wipe installs it anew")
            return exit_codes.HOLDS
        for line in told(site.layout, found, live):
            click.echo(line)
        _no_mistake(site, found, options)
        if options.plan_only:
            click.echo("Nothing was changed.")
            return exit_codes.PENDING
        if not options.yes and not _agreed(site):
            click.echo("Nothing was changed.")
            return exit_codes.PENDING
        # Time has passed at the question: the operations look for themselves.
        run.forget()
        work = making(order, found, live.apt_settings, Identities.new(site.layout))
        result = _carried_out(run, work, found, options)
    finally:
        run.close()
    return _ended(site, result, options.reboot)


def _carried_out(run: Run, work: Making, found: Ground, options: Options) -> HostResult:
    watcher = run.watcher
    with watcher.shown():  # type: ignore[attr-defined]
        (planned,) = run.plan(lambda: from_live_system(work, found, options.wipe, options.reboot))
        if not planned.pending:
            return planned
        (done,) = run.apply()
    return done


def _site(declared: Declarations, host: str, options: Options) -> Site:
    rig, connection = declared.rigs[host], declared.connections[host]
    if rig.install is None:
        raise Refusal(
            "install is not declared: expected what to install, and on which disk. Nothing was changed. Add "
            f"{EXAMPLE} to its entry; `lsblk -d -o NAME,SIZE,MODEL,SERIAL` prints serial numbers."
        )
    folder = declared.root / ".rig/installer" / host
    try:
        order, key_from = ordered(rig, connection, catalog(), folder, wipe=options.wipe)
    except (KeyUnusable, SecretUnreadable) as error:
        raise Refusal(f"{error}. Nothing was changed.") from error
    known = known_hosts(rig, connection, order.host_key)
    written(folder, {"known_hosts": known.encode()})
    return Site(host, order, key_from, known, folder, _live_connection(connection, folder, options))


def _live_connection(connection: Connection, folder: Path, options: Options) -> Connection:
    """The way in to the live system: like the host's, but for what was said of it."""
    changed: dict[str, object] = {}
    if options.ssh_key is not None:
        changed["ssh_key"] = str(options.ssh_key)
    if options.at is not None:
        user, address, port = options.at
        changed |= {"ssh_user": user, "ssh_hostname": address, "ssh_port": port, "sudo": None}
        if options.fingerprint is not None:
            from rigwright.engine.live_key import NotThatKey, key_of, known_hosts_line  # noqa: PLC0415

            try:
                line = known_hosts_line(address, port, key_of(address, port, options.fingerprint))
            except NotThatKey as error:
                raise Refusal(str(error), exit_codes.UNREACHED) from error
            (file,) = written(folder, {LIVE_KNOWN_HOSTS: line.encode()})
            changed |= {"ssh_known_hosts_file": str(file), "ssh_strict_host_key_checking": "yes"}
    return connection.model_copy(update=changed)


def _ground(site: Site, live: LiveState, options: Options) -> Ground:
    data = data_disks(site.order.rig)
    try:
        return ground(site.host, site.layout, site.order.release, data, live, wipe=options.wipe)
    except (DiskRefused, RescueRefused) as error:
        raise Refusal(str(error)) from error


def _mac(site: Site, live: LiveState) -> str:
    install = site.order.rig.install
    assert install is not None, "a site is made of it"
    try:
        return interface(install.network, live)
    except RescueRefused as error:
        raise Refusal(str(error)) from error


def _no_mistake(site: Site, found: Ground, options: Options) -> None:
    """What nobody is asked about has to be said twice."""
    if options.yes and not options.wipe and found.state in ("occupied", "installed"):
        raise Refusal(
            f"install.disk is {site.layout.serial!r}: expected an empty disk, since nobody is asked (--yes). If what "
            "is on it may go, add --wipe. Nothing was changed."
        )


def _agreed(site: Site) -> bool:
    question = f"{site.host}: to erase this disk, type its serial number; anything else, and nothing is done"
    answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip() == site.layout.serial


def _ended(site: Site, result: HostResult, rebooted: bool) -> int:
    status = exit_status([result])
    if status != exit_codes.HOLDS:
        if result.error:
            click.echo(f"{site.host}: {result.error}", err=True)
        click.echo(
            f"{site.host}: it is not installed, and the disk is not marked as done: put right what is said above, and "
            "run it again; it begins anew",
            err=True,
        )
        return status
    click.echo(f"{site.host}: installed. Its host key, from {site.key_from}: {site.order.host_key.public}")
    click.echo(f"1. Have it known by that key: cat {site.folder / 'known_hosts'} >> ~/.ssh/known_hosts")
    if rebooted:
        click.echo("2. It restarts now. Take the live system's medium out, or have the firmware start the disk first.")
    else:
        click.echo("2. Restart it (reboot), and take the live system's medium out.")
    click.echo(f"3. Then: rig apply {site.host}")
    return status

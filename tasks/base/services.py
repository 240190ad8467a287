"""Clock, journal, drives' health: services that the distribution brings, and drop-ins of ours beside their files."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.choice.base import time_daemon
from rigwright.engine.reasons import after
from rigwright.facts.packages import Packages
from rigwright.operations import files, units
from rigwright.operations.journal import on_disk
from rigwright.spec.rig import Rig

TIMESYNCD = "/etc/systemd/timesyncd.conf.d/10-rigwright.conf"
CHRONY = "/etc/chrony/sources.d/rigwright.sources"
JOURNALD = "/etc/systemd/journald.conf.d/10-rigwright.conf"


def ntp_servers(rig: Rig) -> OperationMeta:
    """Name the servers to whichever daemon keeps the clock, or is about to be installed and to start."""
    base, place = rig.base, _servers_of(_daemon(rig))
    named: OperationMeta
    if base.time_sync and base.ntp_servers:
        named = files.template(
            name="Name the NTP servers", src=f"{place[1:]}.j2", dest=place, context={"servers": base.ntp_servers}
        )
    else:
        named = files.absent(name="Leave the NTP servers to the distribution", paths=[place])
    return named


def time(rig: Rig, installed: OperationMeta, named: OperationMeta) -> None:
    """Keep the clock by NTP, with chrony where it is there already; or with nothing."""
    base, daemon = rig.base, _daemon(rig)
    place = _servers_of(daemon)
    folder = place.rpartition("/")[0]
    unit = "chrony.service" if daemon == "chrony" else "systemd-timesyncd.service"
    with after(installed, named):
        units.service(
            name="Keep the clock",
            unit=unit,
            running=base.time_sync,
            enabled=base.time_sync,
            files=[folder, place] if base.time_sync else [],
        )


def _daemon(rig: Rig) -> str:
    return time_daemon(host.get_fact(Packages).installed, rig.base.packages)


def _servers_of(daemon: str) -> str:
    return CHRONY if daemon == "chrony" else TIMESYNCD


def journal(rig: Rig) -> None:
    """Limit what the journal takes."""
    limits = files.template(
        name="Limit the journal",
        src=f"{JOURNALD[1:]}.j2",
        dest=JOURNALD,
        context=rig.base.journald.model_dump(),
    )
    with after(limits):
        restarted = units.service(
            name="Run the journal with its limits", unit="systemd-journald.service", files=[JOURNALD]
        )
    with after(limits, restarted):
        on_disk(name="Keep the journal on disk")


def smart(rig: Rig, installed: OperationMeta) -> None:
    """Watch the drives' health; the unit itself declines where a hypervisor holds the drives."""
    with after(installed):
        units.service(
            name="Watch the drives", unit="smartmontools.service", running=rig.base.smartd, enabled=rig.base.smartd
        )

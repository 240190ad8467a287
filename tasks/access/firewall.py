"""nftables, inbound default deny."""

from __future__ import annotations

from pyinfra.api.operation import OperationMeta

from rigwright.engine.reasons import after
from rigwright.operations import files, units
from rigwright.operations import firewall as make
from rigwright.spec.rig import Rig

UNIT = "/etc/systemd/system/rigwright-firewall.service"
FLUSHER = "/etc/systemd/system/nftables.service.d/10-rigwright.conf"
NFT = "/usr/sbin/nft"


def firewall(rig: Rig, installed: OperationMeta) -> None:
    """Rules in force, and a unit of our own that loads them at boot; or neither."""
    unit = UNIT.rpartition("/")[2]
    if rig.access.firewall.state == "absent":
        stopped = units.service(name="Stop loading the firewall", unit=unit, running=False, enabled=False)
        with after(stopped):
            make.removed(name="Take the firewall away")
        files.absent(name="Remove the firewall's files", paths=[UNIT, FLUSHER, make.RULESET])
        return
    with after(installed):
        applied = make.applied(name="Set the firewall", rig=rig)
    context = {"ruleset": make.RULESET, "nft": NFT}
    written = files.template(name="Load the firewall at boot", src=f"{UNIT[1:]}.j2", dest=UNIT, context=context)
    with after(installed, applied, written):
        units.service(name="Enable the firewall", unit=unit)
    kept = files.template(
        name="Keep the firewall when nftables.service flushes", src=f"{FLUSHER[1:]}.j2", dest=FLUSHER, context=context
    )
    with after(installed, written, kept):
        units.read_anew(name="Let systemd know of it", unit="nftables.service")


def left_port_closed(rig: Rig) -> None:
    """The firewall once more, after sshd: it has left the port open that we came in by."""
    if rig.access.firewall.state == "present":
        make.left_port_closed(name="Close the port that sshd has left", rig=rig)

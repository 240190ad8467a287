"""Security updates by themselves, and what must not restart by itself after them."""

from __future__ import annotations

from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.base import never_upgraded, security_origins
from rigwright.engine.reasons import after
from rigwright.operations import files, units
from rigwright.spec.rig import Rig

UPGRADES = "/etc/apt/apt.conf.d/90rigwright-upgrades"
NEEDRESTART = "/etc/needrestart/conf.d/rigwright.conf"
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")

_READABLE = (
    "alone=$(mktemp) && echo 'Dir::Etc::parts \"/dev/null\";' > $alone &&"
    " APT_CONFIG=$alone apt-config -c {path} dump >/dev/null; status=$?; rm -f $alone; [ $status = 0 ]"
)
"""A file that apt cannot read stops every apt. It is tried without those in force: what it replaces may be broken."""


def upgrades(rig: Rig, release: Release) -> None:
    """A file of our own, read after the distribution's; apt's own timers do the rest."""
    files.template(
        name="Configure unattended security updates",
        src=f"{UPGRADES[1:]}.j2",
        dest=UPGRADES,
        context={
            "enabled": rig.base.unattended_upgrades.enabled,
            "origins": security_origins(release),
            "never": never_upgraded(rig, catalog()),
        },
        validate=_READABLE,
    )


def timers(rig: Rig, installed: OperationMeta) -> None:
    """Those that come with apt, where security updates install themselves."""
    if rig.base.unattended_upgrades.enabled:
        with after(installed):
            for timer in TIMERS:
                units.service(name=f"Run {timer}", unit=timer)


def restarts(rig: Rig) -> None:
    """Have needrestart list, and do nothing more; its package is among the layer's packages, or removed with them."""
    if rig.base.needrestart == "quiet":
        files.template(name="Keep needrestart quiet", src=f"{NEEDRESTART[1:]}.j2", dest=NEEDRESTART, context={})
    else:
        files.absent(name="Take away needrestart's settings", paths=[NEEDRESTART])

"""Host name, locale, time zone."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.choice.base import ALWAYS_COMPILED
from rigwright.engine.reasons import after
from rigwright.facts.packages import Packages
from rigwright.operations import settings as set_
from rigwright.spec.rig import Rig


def settings(rig: Rig, installed: OperationMeta) -> None:
    """All three read one fact, which is asked about the declared time zone."""
    base = rig.base
    if base.hostname is not None:
        set_.hostname(name="Set the host name", hostname=base.hostname, zone=base.timezone)
    needs_package = None if base.locale in ALWAYS_COMPILED else installed
    with after(needs_package):
        set_.locale(name="Set the locale", locale=base.locale, zone=base.timezone)
    has_zones = "tzdata" in host.get_fact(Packages).installed
    with after(None if has_zones else installed):
        set_.timezone(name="Set the time zone", zone=base.timezone)

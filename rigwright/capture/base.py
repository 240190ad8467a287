"""Layer `base`: names, clock, journal, upgrades, archive. Its packages are in `packages`, its disks in `storage`."""

from __future__ import annotations

import re
from typing import get_args

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.choice.base import never_upgraded_by_default
from rigwright.facts.sources import entries
from rigwright.spec.base import Base, Component

LAYER = "base"
_MIB = 2**20
_SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_DAYS = {
    "s": 1 / 86400, "sec": 1 / 86400, "": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "hour": 1 / 24, "day": 1.0, "d": 1.0,
    "days": 1.0, "week": 7.0, "weeks": 7.0, "w": 7.0, "month": 30.44, "months": 30.44, "year": 365.25, "y": 365.25,
}  # fmt: skip
"""systemd.time(7)'s units, days each."""
_POOL = re.compile(r"\b(debian|ubuntu)\b.*\bpool\.ntp\.org|^ntp\.ubuntu\.com$|[.]pool\.ntp\.org$")
"""Servers that the distributions name by themselves."""


def captured(seen: Seen) -> Part:
    """All of the layer but packages, swap and disks."""
    part = Part()
    base: Values = {}
    part.values[LAYER] = base
    _names(seen, base, part)
    _clock(seen, base, part)
    base["journald"] = _journal(seen, part)
    base["unattended_upgrades"] = _upgrades(seen)
    base["needrestart"] = "quiet" if "needrestart" in seen.packages.installed else "absent"
    base["smartd"] = seen.enabled("smartmontools.service")
    components = _components(seen)
    if components:
        base["components"] = components
    return part


def _names(seen: Seen, base: Values, part: Part) -> None:
    settings = seen.settings
    if _fits("hostname", settings.hostname):
        base["hostname"] = settings.hostname
    elif settings.hostname:
        part.say(LAYER, "hostname", f"The host calls itself {settings.hostname!r}, which is not one label in small "
                 "letters: its name is left alone")  # fmt: skip
    if _fits("timezone", settings.zone):
        base["timezone"] = settings.zone
    base["locale"] = settings.lang if _fits("locale", settings.lang) else Base.model_fields["locale"].default
    if base["locale"] != settings.lang:
        told = f"is {settings.lang!r}, which no key takes" if settings.lang else "was not set"
        part.comments[LAYER, "locale"] = f"LANG {told}."


def _fits(key: str, value: str) -> bool:
    bounds = Base.model_fields[key].metadata
    pattern = next(bound.pattern for bound in bounds if getattr(bound, "pattern", None))
    return bool(value) and re.fullmatch(pattern, value) is not None


def _clock(seen: Seen, base: Values, part: Part) -> None:
    ours = [name for name in ("chrony.service", "systemd-timesyncd.service") if seen.enabled(name)]
    others = [name for name in ("ntpsec.service", "ntp.service", "openntpd.service") if seen.enabled(name)]
    base["time_sync"] = bool(ours)
    if others and not ours:
        part.say(LAYER, "clock", f"{others[0]} keeps the clock, and no key can say so: it is left alone")
    if ours == ["chrony.service"] or ours[:1] == ["chrony.service"]:
        base["packages"] = {"chrony": True}
        servers = [line.split()[1] for line in seen.daemons.chrony if len(line.split()) > 1]
    else:
        servers = seen.daemons.systemd.get(("timesyncd.conf", "NTP"), "").split()
    named = list(dict.fromkeys(server for server in servers if not _POOL.search(server)))
    if ours and named:
        base["ntp_servers"] = named


def _journal(seen: Seen, part: Part) -> Values:
    found: Values = {}
    told = seen.daemons.systemd.get(("journald.conf", "SystemMaxUse"), "")
    size = _bytes(told) or seen.daemons.journal_bytes
    if size is not None:
        found["max_use_mb"] = max(16, round(size / _MIB))
        if not told:
            part.comments[LAYER, "journald", "max_use_mb"] = "What journald says that it takes at most here."
    else:
        part.say(LAYER, "journal", "journald does not say how much room it may take; an apply bounds it by "
                 "base.journald.max_use_mb")  # fmt: skip
    found["max_retention_days"] = _retention(seen.daemons.systemd.get(("journald.conf", "MaxRetentionSec"), ""))
    return found


def _bytes(text: str) -> int | None:
    match = re.fullmatch(r"(\d+)([KMGT]?)", text.strip().upper())
    return int(match[1]) * _SIZES[match[2]] if match else None


def _retention(text: str) -> int:
    """Whole days, up; 0: no limit."""
    days = sum(float(count) * _DAYS.get(unit, 0) for count, unit in re.findall(r"(\d+)\s*([a-z]*)", text.lower()))
    return int(-(-days // 1)) if days else 0


def _upgrades(seen: Seen) -> Values:
    enabled = seen.daemons.upgrades not in ("", "0") and "unattended-upgrades" in seen.packages.installed
    own = set(never_upgraded_by_default(catalog()))
    never = [pattern for pattern in dict.fromkeys(seen.daemons.never) if pattern not in own]
    return {"enabled": enabled, "never": never if enabled else []}


def _components(seen: Seen) -> list[str]:
    """The components that apt reads of the distribution's own archives, besides the first."""
    read: set[str] = set()
    for path, file in seen.sources.files.items():
        for entry in entries(path, file.text):
            if seen.sources.belongs(entry, seen.release.codename):
                read |= set(entry.components)
    return [name for name in get_args(Component) if name in read]

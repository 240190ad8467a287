"""systemd units, many at once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pyinfra.api import FactBase

STAMPS = "/run/rigwright/reloaded"
"""A file for each unit, as old as the last reload by us; gone after a reboot, as it should be."""

_PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestampMonotonic,NeedDaemonReload,Result,"
    "ConditionResult,ConditionTimestampMonotonic"
)

# Whether a unit that does not run would be let: systemd says so for units as they are now from 250 on. Before that
# (Ubuntu 22.04) there is only what it found when it last tried, which is in ConditionResult.
_CONDITION = (
    'case $(systemctl show -p ActiveState --value -- "$u" 2>/dev/null) in inactive) '
    'if said=$(systemd-analyze condition --unit="$u" 2>&1); then echo ConditionNow=yes; '
    'else echo "$said" | sed -n "s/^$u: \\(.* failed\\)[.]$/HeldBack=\\1/p"; fi;; esac'
)

# systemd does not itself notice the first drop-in of a unit: it remembers which folders there were.
_DROP_INS = (
    'for f in "/etc/systemd/system/$u.d"/*.conf; do [ -e "$f" ] && '
    '! systemctl show -p DropInPaths --value -- "$u" 2>/dev/null | tr " " "\\n" | grep -qxF "$f" && '
    "echo UnknownDropIn=yes; done"
)


@dataclass(frozen=True)
class UnitState:
    """One unit as systemd sees it.

    ``load``: loaded, not-found, masked, error …; ``enabled``: enabled, disabled, static, masked, "" …;
    ``started``: seconds since the epoch of the last start, 0 if never; ``reloaded``: the same for our last reload.
    ``condition`` False: the unit's own conditions keep it from starting here; ``held_back`` then names the first that
    does ("ConditionVirtualization=!container failed"), as far as systemd tells. Starting it would do nothing.
    """

    load: str
    active: str
    sub: str
    enabled: str
    main_pid: int
    started: float
    reloaded: float
    need_daemon_reload: bool
    result: str
    condition: bool
    held_back: str = ""

    @property
    def exists(self) -> bool:
        """Whether systemd finds a unit file (a masked one counts)."""
        return self.load not in ("not-found", "")

    @property
    def masked(self) -> bool:
        """Whether it is masked, for good or until reboot."""
        return self.load == "masked" or self.enabled.startswith("masked")

    @property
    def running(self) -> bool:
        """Active or on its way there."""
        return self.active in ("active", "reloading", "activating")

    @property
    def starts_at_boot(self) -> bool:
        """Enabled, or pulled in by others without being enabled itself."""
        return self.enabled in ("enabled", "static", "alias", "indirect", "generated", "enabled-runtime")


class Units(FactBase[dict[str, UnitState]]):
    """Unit name as asked → state.

    Raw: for each unit a line ``@name reload-stamp-seconds`` and the lines of ``systemctl show``; ahead of them
    ``@now seconds uptime``.
    """

    def command(self, names: list[str]) -> str:
        """Ask systemd about all units in one command; works where systemd is not running (everything is absent)."""
        listed = " ".join(shlex.quote(name) for name in names)
        return (
            'export LC_ALL=C; read up rest < /proc/uptime; echo "@now $(date +%s.%N) $up"; '
            f'for u in {listed}; do echo "@unit $u $(stat -c %.9Y {STAMPS}/$u 2>/dev/null)"; '
            f"systemctl show -p {_PROPERTIES} -- $u 2>/dev/null; {_CONDITION}; {_DROP_INS}; done; true"
        )

    @staticmethod
    def default() -> dict[str, UnitState]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, UnitState]:
        """Turn monotonic time stamps into wall-clock ones with the pair printed first."""
        boot = 0.0
        blocks: dict[str, dict[str, str]] = {}
        current: dict[str, str] = {}
        for line in output:
            if line.startswith("@now "):
                _, now, uptime = line.split()
                boot = float(now) - float(uptime)
            elif line.startswith("@unit "):
                _, name, *stamp = line.split()
                current = blocks.setdefault(name, {"reloaded": stamp[0] if stamp else "0"})
            elif "=" in line:
                name, _, value = line.partition("=")
                current.setdefault(name, value)
        return {name: _state(block, boot) for name, block in blocks.items()}


def _state(block: dict[str, str], boot: float) -> UnitState:
    entered = int(block.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
    tried = int(block.get("ConditionTimestampMonotonic") or 0) > 0
    last = block.get("ConditionResult", "yes") == "yes" or not tried
    held_back = block.get("HeldBack", "")
    return UnitState(
        load=block.get("LoadState", "not-found"),
        active=block.get("ActiveState", "inactive"),
        sub=block.get("SubState", "dead"),
        enabled=block.get("UnitFileState", ""),
        main_pid=int(block.get("MainPID") or 0),
        started=boot + entered if entered else 0.0,
        reloaded=float(block["reloaded"]),
        need_daemon_reload=block.get("NeedDaemonReload") == "yes" or "UnknownDropIn" in block,
        result=block.get("Result", ""),
        condition="ConditionNow" in block or (last and not held_back),
        held_back=held_back,
    )

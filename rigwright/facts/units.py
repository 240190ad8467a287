"""systemd units, many at once."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from pyinfra.api import FactBase

_STEP_S = 1.0
"""By less the clock is not taken to have been stepped: reading it and the time since boot takes a moment."""

STAMPS = "/run/rigwright/reloaded"
"""A file for each unit, as old as the last reload by us; gone after a reboot, as it should be."""

_PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestamp,"
    "ActiveEnterTimestampMonotonic,NeedDaemonReload,Result,ConditionResult,ConditionTimestampMonotonic,FragmentPath,DropInPaths"
)

# systemd is asked once for all units: each call costs as much. Only of those that do not run and have conditions it is
# asked whether they would be let, by a command that exists from 250 on. Before that (Ubuntu 22.04) there is only
# what it found when it last tried, which is in ConditionResult.
_COMMAND = r"""
export LC_ALL=C TZ=UTC
echo "@now $(date +%s.%N) $(cut -d' ' -f1 /proc/uptime)"
for u in {names}; do
    echo "@unit $u $(stat -c %.9Y {stamps}/$u 2>/dev/null)"
    for f in "/etc/systemd/system/$u.d"/*.conf; do if [ -e "$f" ]; then echo "@dropin $u $f"; fi; done
done
shown=$(systemctl show --timestamp=us+utc -p {properties} -- {names} 2>/dev/null)
echo "@shown"
[ -z "$shown" ] || echo "$shown" | sed 's/^$/@next/'
echo "$shown" | awk -v RS= -F '\n' '{{
    id = state = files = ""
    for (i = 1; i <= NF; i++) {{
        value = substr($i, index($i, "=") + 1)
        if ($i ~ /^Id=/) id = value
        if ($i ~ /^ActiveState=/) state = value
        if ($i ~ /^(FragmentPath|DropInPaths)=/) files = files " " value
    }}
    if (state == "inactive" && files ~ /[^ ]/) print id files }}' | while read -r u files; do
    if ! grep -qsE '^(Condition|Assert)' $files || said=$(systemd-analyze condition --unit="$u" 2>&1); then
        echo "@let $u"
    else
        echo "$said" | sed -n "s/^$u: \(.* failed\)[.]$/@held $u \1/p"
    fi
done
true
"""


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


class _Clock(NamedTuple):
    """What the host's clock says, and how long ago it booted, suspends included; both in seconds."""

    now: float
    uptime: float


class Units(FactBase[dict[str, UnitState]]):
    """Unit name as asked → state.

    Raw: ``@now seconds-since-the-epoch seconds-since-boot``; for each unit a line ``@unit name reload-stamp-seconds``,
    and ``@dropin name file`` for its drop-ins in /etc; then ``@shown`` and what ``systemctl show`` says, ``@next``
    between units; then for those that do not run ``@let id`` or ``@held id condition``.
    """

    def command(self, names: list[str]) -> str:
        """Ask systemd about all units in one command; works where systemd is not running (everything is absent)."""
        listed = " ".join(shlex.quote(name) for name in names)
        return _COMMAND.format(names=listed, stamps=STAMPS, properties=_PROPERTIES)

    @staticmethod
    def default() -> dict[str, UnitState]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, UnitState]:
        """Put together what is said of each unit, by its place in the list and by its own name."""
        stamps: dict[str, float] = {}
        drop_ins: dict[str, list[str]] = {}
        blocks: list[dict[str, str]] = [{}]
        let: dict[str, str] = {}
        clock = _Clock(0.0, 0.0)
        for line in output:
            kind, *rest = line.split(" ", 2)
            if kind == "@now":
                clock = _Clock(*map(float, rest))
            elif kind == "@unit":
                stamps[rest[0]] = float(rest[1]) if rest[1:] and rest[1] else 0.0
            elif kind == "@dropin":
                drop_ins.setdefault(rest[0], []).append(rest[1])
            elif kind == "@next":
                blocks.append({})
            elif kind in ("@let", "@held"):
                let[rest[0]] = rest[1] if kind == "@held" else ""
            elif "=" in line:
                name, _, value = line.partition("=")
                blocks[-1][name] = value
        blocks += [{}] * (len(stamps) - len(blocks))
        return {
            name: _state(block, clock, stamps[name], drop_ins.get(name, ()), let)
            for name, block in zip(stamps, blocks, strict=True)
        }


def _state(
    block: Mapping[str, str], clock: _Clock, reloaded: float, drop_ins: Sequence[str], let: Mapping[str, str]
) -> UnitState:
    tried = int(block.get("ConditionTimestampMonotonic") or 0) > 0
    last = block.get("ConditionResult", "yes") == "yes" or not tried
    held_back = let.get(block.get("Id", ""))
    known = block.get("DropInPaths", "").split()
    return UnitState(
        load=block.get("LoadState", "not-found"),
        active=block.get("ActiveState", "inactive"),
        sub=block.get("SubState", "dead"),
        enabled=block.get("UnitFileState", ""),
        main_pid=int(block.get("MainPID") or 0),
        started=_started(block, clock),
        reloaded=reloaded if reloaded <= clock.now + _STEP_S else 0.0,
        # systemd does not itself notice the first drop-in of a unit: it remembers which folders there were.
        need_daemon_reload=block.get("NeedDaemonReload") == "yes" or any(path not in known for path in drop_ins),
        result=block.get("Result", ""),
        condition=last if held_back is None else not held_back,
        held_back=held_back or "",
    )


def _started(block: Mapping[str, str], clock: _Clock) -> float:
    """When the unit started, by the clock as it goes now, which is what files' times are held against.

    What systemd wrote down is of the clock as it went then: a board with an empty battery starts years back, and is put
    right minutes later. Reckoned from the boot it is never too late, but too early by the time of any suspend.
    """
    told = _seconds(block.get("ActiveEnterTimestamp", ""))
    since_boot = int(block.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
    if not since_boot:
        return told
    reckoned = clock.now - clock.uptime + since_boot
    return told if reckoned - _STEP_S <= told <= clock.now + _STEP_S else reckoned


def _seconds(stamp: str) -> float:
    """Of ``Wed 2026-11-25 22:53:23.989831 UTC``, since the epoch; 0.0 for none."""
    found = re.search(r"(\d+-\d\d-\d\d \d\d:\d\d:\d\d)([.]\d+)?", stamp)
    if found is None:
        return 0.0
    whole = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    return whole + float(found[2] or 0)

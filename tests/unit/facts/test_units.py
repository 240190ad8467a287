"""systemd units as they are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rigwright.facts.units import Units

# Recorded on bookworm; sshd.service is an alias.
RAW = """\
@now 1795650000.123456789 5000.12
@unit sshd.service 1795420800.5
@unit smartmontools.service
@unit was-held.service
@unit old-systemd.service
@unit never-tried.service
@unit nope.service
@dropin nope.service /etc/systemd/system/nope.service.d/50-ours.conf
@shown
MainPID=74
Result=success
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
FragmentPath=/lib/systemd/system/ssh.service
DropInPaths=
ActiveEnterTimestamp=Wed 2026-11-25 22:53:23.989831 UTC
ActiveEnterTimestampMonotonic=1912773993
NeedDaemonReload=no
ConditionResult=yes
ConditionTimestampMonotonic=1912773987
@next
MainPID=0
Id=smartmontools.service
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled
ActiveEnterTimestamp=
NeedDaemonReload=no
ConditionResult=no
ConditionTimestampMonotonic=2415150364
@next
Id=was-held.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=2415150364
@next
Id=old-systemd.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=2415150364
@next
Id=never-tried.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
ConditionResult=no
ConditionTimestampMonotonic=0
@next
Id=nope.service
LoadState=not-found
ActiveState=inactive
DropInPaths=
@held smartmontools.service ConditionVirtualization=no failed
@let was-held.service
"""


def test_a_running_unit() -> None:
    found = Units().process(RAW.splitlines())["sshd.service"]
    assert found.running and found.starts_at_boot and not found.masked
    assert found.started == 1795647203.989831, "the wall clock's, which a suspend does not put behind files' times"
    assert found.reloaded == 1795420800.5
    assert found.condition


def started(told: float, since_boot: float, now: float, uptime: float, reloaded: float = 0.0) -> tuple[float, float]:
    stamp = datetime.fromtimestamp(told, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")
    lines = [f"@now {now} {uptime}", f"@unit a.service {reloaded or ''}", "@shown", f"ActiveEnterTimestamp={stamp}"]
    found = Units().process([*lines, f"ActiveEnterTimestampMonotonic={since_boot * 1e6:.0f}"])["a.service"]
    return found.started, found.reloaded


@pytest.mark.parametrize(
    ("told", "now", "uptime", "expected"),
    [
        (1_000_040, 1_001_000, 1000, 1_000_040),
        (1_000_940, 1_002_000, 2000, 1_000_940),  # suspended for 900 s before it started
        (40, 1_001_000, 1000, 1_000_040),  # booted in 1970, put right since
        (1_003_640, 1_001_000, 1000, 1_000_040),  # an hour ahead at boot, put back since
    ],
)
def test_when_a_unit_started_is_told_by_the_clock_as_it_goes_now(
    told: float, now: float, uptime: float, expected: float
) -> None:
    assert started(told, 40, now, uptime)[0] == expected


def test_a_reload_to_come_is_none() -> None:
    assert started(1_000_040, 40, 1_001_000, 1000, reloaded=1_000_500)[1] == 1_000_500
    assert started(1_000_040, 40, 1_001_000, 1000, reloaded=1_003_000)[1] == 0.0, "the clock was put back since"


def test_whether_a_unit_would_be_let() -> None:
    found = Units().process(RAW.splitlines())
    assert {name: unit.condition for name, unit in found.items()} == {
        "sshd.service": True,
        "smartmontools.service": False,
        "was-held.service": True,  # what kept it back is gone: what systemd says now outweighs its last try
        "old-systemd.service": False,
        "never-tried.service": True,
        "nope.service": True,
    }
    assert found["smartmontools.service"].held_back == "ConditionVirtualization=no failed"
    assert not found["nope.service"].exists


def test_the_first_drop_in_of_a_unit_is_one_that_systemd_does_not_know() -> None:
    path = "/etc/systemd/system/x.service.d/50-ours.conf"
    lines = ["@unit x.service", f"@dropin x.service {path}", "@shown", "LoadState=loaded", "NeedDaemonReload=no"]
    assert Units().process([*lines, "DropInPaths="])["x.service"].need_daemon_reload
    assert not Units().process([*lines, f"DropInPaths=/run/a.conf {path}"])["x.service"].need_daemon_reload


def test_where_systemd_says_nothing_there_are_no_units() -> None:
    found = Units().process(["@unit a.service", "@unit b.service 1.5", "@shown"])
    assert [unit.exists for unit in found.values()] == [False, False]


def test_systemd_is_asked_once_for_all_units() -> None:
    assert Units().command(names=[f"{number}.service" for number in range(9)]).count("systemctl") == 1


def test_a_systemd_that_does_not_answer_has_no_units() -> None:
    found = Units().process(["@unit docker.service ", "@unit ssh.service 12.5", "@shown"])
    assert [each.exists for each in found.values()] == [False, False]
    assert '[ -z "$shown" ] || ' in Units().command(["docker.service"])

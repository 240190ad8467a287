"""systemd units as they are read."""

from __future__ import annotations

from rigwright.facts.units import Units

RAW = """\
@now 1795420812.750 2500.0
@unit ssh.service 1795420800.5
MainPID=119
Result=success
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestampMonotonic=2000000000
NeedDaemonReload=no
ConditionResult=yes
ConditionTimestampMonotonic=1999000000
@unit smartmontools.service
MainPID=0
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled
ActiveEnterTimestampMonotonic=0
NeedDaemonReload=no
ConditionResult=no
ConditionTimestampMonotonic=2415150364
HeldBack=ConditionVirtualization=no failed
@unit was-held.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=2415150364
ConditionNow=yes
@unit old-systemd.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=2415150364
@unit never-tried.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
ConditionResult=no
ConditionTimestampMonotonic=0
@unit nope.service
LoadState=not-found
ActiveState=inactive
"""


def test_a_running_unit() -> None:
    found = Units().process(RAW.splitlines())["ssh.service"]
    assert found.running and found.starts_at_boot and not found.masked
    assert found.started == 1795420812.750 - 2500 + 2000
    assert found.reloaded == 1795420800.5
    assert found.condition


def test_whether_a_unit_would_be_let() -> None:
    found = Units().process(RAW.splitlines())
    assert {name: unit.condition for name, unit in found.items()} == {
        "ssh.service": True,
        "smartmontools.service": False,
        "was-held.service": True,  # what kept it back is gone: what systemd says now outweighs its last try
        "old-systemd.service": False,
        "never-tried.service": True,
        "nope.service": True,
    }
    assert found["smartmontools.service"].held_back == "ConditionVirtualization=no failed"
    assert not found["nope.service"].exists


def test_the_first_drop_in_of_a_unit_is_one_that_systemd_does_not_know() -> None:
    lines = ["@unit x.service", "LoadState=loaded", "NeedDaemonReload=no"]
    assert not Units().process(lines)["x.service"].need_daemon_reload
    assert Units().process([*lines, "UnknownDropIn=yes"])["x.service"].need_daemon_reload

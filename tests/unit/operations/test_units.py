"""units: what starts, stops and restarts follows from the host's state."""

from __future__ import annotations

import pytest

from rigwright.facts.files import Files
from rigwright.facts.units import Units
from rigwright.operations import units
from tests.unit.operations.harness import Case, file, unit

UNIT = {"unit": "x.service"}
CONFIG = "/etc/x.conf"


def _is(**state: object) -> dict[object, object]:
    return {Units: {"x.service": unit(**state)}}  # type: ignore[arg-type]


CASES = [
    Case("as declared", units.service, UNIT, _is()),
    Case(
        "stopped and disabled", units.service, UNIT, _is(active="inactive", enabled="disabled"),
        has=["systemctl enable x.service", "systemctl start x.service"],
        why=["x.service: disabled, wanted enabled; inactive, wanted running"],
    ),
    Case(
        "masked", units.service, UNIT, _is(active="inactive", enabled="masked", load="masked"),
        has=["systemctl unmask x.service && systemctl unmask --runtime x.service", "systemctl enable x.service"],
    ),
    Case(
        "failed: started once more, with its counter reset", units.service, UNIT, _is(active="failed"),
        has=["systemctl reset-failed x.service", "systemctl start x.service"],
    ),
    Case(
        "about to be started again after a failure: waited for", units.service, UNIT, _is(active="activating"),
        commands=["systemctl start x.service"], why=["x.service: activating, wanted running"],
    ),
    Case(
        "about to be started again, with what may have mended it: restarted, and so waited for",
        units.service, {**UNIT, "files": [CONFIG]},
        {**_is(active="activating", started=1000.0), Files: {CONFIG: file(mtime=1000.5)}},
        lacks=["systemctl start"], has=["systemctl restart x.service"],
    ),
    Case(
        "kept from running by its own condition: not started, as systemd would do nothing",
        units.service, UNIT, _is(active="inactive", condition=False, held_back="ConditionVirtualization=no failed"),
    ),
    Case(
        "kept from running, but enabled all the same", units.service, UNIT,
        _is(active="inactive", enabled="disabled", condition=False),
        commands=["systemctl enable x.service"],
    ),
    Case(
        "configuration newer than the start: the restart that was lost", units.service, {**UNIT, "files": [CONFIG]},
        {**_is(started=1000.0), Files: {CONFIG: file(mtime=1000.5)}},
        has=["-newermt now -exec touch", "systemctl restart x.service"],
        why=["x.service: started before /etc/x.conf changed"],
    ),
    Case(
        "configuration older than the start", units.service, {**UNIT, "files": [CONFIG]},
        {**_is(started=1000.0), Files: {CONFIG: file(mtime=999.5)}},
    ),
    Case(
        "reloaded since", units.service, {**UNIT, "files": [CONFIG], "action": "reload"},
        {**_is(started=1000.0, reloaded=2000.0), Files: {CONFIG: file(mtime=1500.0)}},
    ),
    Case(
        "a reload leaves its stamp only when it succeeds", units.service,
        {**UNIT, "files": [CONFIG], "action": "reload", "check": "x -t"},
        {**_is(started=1000.0, reloaded=1200.0), Files: {CONFIG: file(mtime=1500.0)}},
        has=["touch /run/rigwright/reloaded/x.service.new && x -t && systemctl reload x.service && mv -f"],
    ),
    Case(
        "an older unit file", units.service, UNIT, _is(need_daemon_reload=True),
        has=["systemctl daemon-reload", "systemctl restart x.service"],
    ),
    Case("wanted gone, and not there", units.service, {**UNIT, "running": False, "enabled": False}, {}),
    Case(
        "wanted gone", units.service, {**UNIT, "running": False, "enabled": False}, _is(),
        commands=["systemctl disable x.service", "systemctl stop x.service"],
    ),
    Case("masked as wanted", units.masked, UNIT, _is(active="inactive", enabled="masked", load="masked")),
    Case("to be masked", units.masked, UNIT, _is(), commands=["systemctl mask --now x.service"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_units(case: Case) -> None:
    case.check()

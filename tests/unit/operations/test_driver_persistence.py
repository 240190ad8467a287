"""The persistence daemon and the cards' mode: facts in, commands out."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.facts.files import Files
from rigwright.facts.smi import Card, Smi
from rigwright.facts.units import Units
from rigwright.operations.driver import persistence
from tests.unit.operations.driver_hosts import LOADED, NOT_LOADED
from tests.unit.operations.harness import Case, file, unit

ON = {"on": True, "shipped_static": False}
UNIT = persistence.UNIT


def daemon(**state: Any) -> dict[Any, Any]:
    return {Units: {UNIT: unit(**state)}}


def card(index: int, on: bool | None) -> Card:
    return Card(index, "GeForce RTX 3090", "GPU-x", "0000:03:00.0", "550.163.01", on, 8)


PERSISTENCE = [
    Case("daemon: runs", persistence.daemon, ON, {**LOADED, **daemon()}),
    Case("daemon: not installed", persistence.daemon, ON, {**LOADED}),
    Case(
        "daemon: stopped",
        persistence.daemon,
        ON,
        {**LOADED, **daemon(active="inactive")},
        has=[f"systemctl start {UNIT}"],
    ),
    Case(
        "daemon: started before its drop-in",
        persistence.daemon,
        ON,
        {**LOADED, **daemon(), Files: {persistence.DROP_IN: file(mtime=2000.0)}},
        has=[f"systemctl restart {UNIT}"],
    ),
    Case("daemon: cannot run without a driver", persistence.daemon, ON, {**NOT_LOADED, **daemon(active="failed")}),
    Case(
        "daemon: started at boot at least",
        persistence.daemon,
        ON,
        {**NOT_LOADED, **daemon(active="failed", enabled="disabled")},
        commands=[f"systemctl enable {UNIT}"],
    ),
    Case(
        "daemon: Ubuntu's has to be told",
        persistence.daemon,
        {"on": True, "shipped_static": True},
        {**NOT_LOADED, **daemon(active="inactive", enabled="static", need_daemon_reload=True)},
        commands=["systemctl daemon-reload", f"systemctl enable {UNIT}"],
    ),
    Case(
        "daemon: off",
        persistence.daemon,
        {"on": False, "shipped_static": False},
        {**LOADED, **daemon()},
        commands=[f"systemctl disable {UNIT}", f"systemctl stop {UNIT}"],
    ),
    Case(
        "daemon: off, on Ubuntu: as shipped",
        persistence.daemon,
        {"on": False, "shipped_static": True},
        {**LOADED, **daemon(enabled="enabled", need_daemon_reload=True)},
        commands=["systemctl daemon-reload", f"systemctl disable {UNIT}"],
    ),
    Case("mode: as declared", persistence.mode, {"on": True}, {**LOADED, Smi: [card(0, True), card(1, True)]}),
    Case("mode: no driver loaded", persistence.mode, {"on": True}, {**NOT_LOADED}),
    Case(
        "mode: off on one card",
        persistence.mode,
        {"on": True},
        {**LOADED, Smi: [card(0, True), card(1, False)]},
        commands=["nvidia-smi --persistence-mode=1"],
        why=["persistence mode of card 1: not on, wanted on"],
    ),
    Case(
        "mode: on where it should be off",
        persistence.mode,
        {"on": False},
        {**LOADED, Smi: [card(0, True)]},
        commands=["nvidia-smi --persistence-mode=0"],
    ),
]


@pytest.mark.parametrize("case", PERSISTENCE, ids=str)
def test_persistence(case: Case) -> None:
    case.check()

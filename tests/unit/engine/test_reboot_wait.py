"""Waiting for a reboot: whatever a system on its way down does to the connection is part of the wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rigwright.engine.results import Outcome

from rigwright.engine.run import Run  # isort: skip
from rigwright.engine.ledger import ledger_of
from rigwright.engine.ssh import CommandNotStarted, ConnectionLost
from rigwright.operations import reboot
from tests.unit.engine.conftest import Machine

DEPLOY = """
from rigwright.operations.reboot import _await_boot

@operation()
def reboot():
    because("reboot: wanted")
    yield FunctionCommand(_await_boot, ("old", 60), {})

reboot(name="Reboot")
have(name="Go on", what="x")
"""


@pytest.mark.parametrize("error", [ConnectionLost, CommandNotStarted])
def test_a_session_that_dies_under_the_question_is_waited_out(
    machine: Machine, prepare: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(reboot, "_ASK_EVERY_S", 0)
    asked: list[str] = []

    def boot_id(host: str) -> tuple[bool, list[str], list[str]]:
        asked.append(host)
        if len(asked) < 3:
            raise error("the system goes down")
        return True, ["new"], []

    machine.answers["boot_id"] = boot_id
    run = prepare(DEPLOY)
    run.plan()
    [result] = run.apply()
    assert result.outcome is Outcome.CHANGED, result
    assert machine.ran("@fake/a", "make") == ["make x"], "what comes afterwards is done"
    host: Any = run._inventory.get_host("@fake/a")
    assert not ledger_of(host).lost

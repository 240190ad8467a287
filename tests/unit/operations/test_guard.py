"""A change that could shut us out: proven by a new connection, or taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from pyinfra.api.exceptions import OperationError

from rigwright.engine.ssh import CannotConnect, Trouble
from rigwright.operations import guard


@dataclass
class _Host:
    reachable: bool = True
    sudo: bool = False
    ran: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def data(self) -> dict[str, Any]:
        return {"_sudo": self.sudo}

    def run_shell_command(self, command: Any, *, _sudo: bool) -> tuple[bool, None]:
        self.ran.append((command.get_raw_value(), _sudo))
        return self.reachable, None


def _connections(monkeypatch: pytest.MonkeyPatch, *troubles: Trouble | None) -> list[Trouble | None]:
    left = list(troubles)

    def connect(host: Any, port: int | None) -> None:
        trouble = left.pop(0)
        if trouble is not None:
            raise CannotConnect(trouble, f"no: {trouble}")

    monkeypatch.setattr(guard, "prove_new_connection", connect)
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: None)
    return left


def _prove(host: _Host) -> None:
    guard.prove(None, host, "firewall", None)  # type: ignore[arg-type]


def test_a_new_connection_is_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    _connections(monkeypatch, None)
    host = _Host()
    _prove(host)
    assert host.ran == []


def test_an_sshd_that_is_just_taking_up_its_settings_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    left = _connections(monkeypatch, "unreachable", "unreachable", None)
    host = _Host()
    _prove(host)
    assert host.ran == [] and left == []


def test_without_proof_it_is_taken_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _connections(monkeypatch, "unreachable", "unreachable", "unreachable")
    host = _Host(sudo=True)
    with pytest.raises(OperationError, match=r"no: unreachable.*; the change was taken back"):
        _prove(host)
    undo = "systemctl stop rigwright-undo-firewall.timer 2>/dev/null; sh /var/lib/rigwright/undo/firewall.sh"
    assert host.ran == [(undo, True)]


def test_a_refused_login_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    left = _connections(monkeypatch, "authentication", None)
    with pytest.raises(OperationError):
        _prove(_Host())
    assert left == [None]


def test_where_nothing_reaches_the_host_its_timer_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _connections(monkeypatch, "unreachable", "unreachable", "unreachable")
    with pytest.raises(OperationError, match="the host takes it back within 60 s"):
        _prove(_Host(reachable=False))


def test_only_one_of_timer_and_proof_finds_the_script() -> None:
    arm, *_, disarm = guard.guarded("x", save="save", undo="undo", change="change", then="then")
    text, (body,) = arm.get_raw_value(), arm.connector_arguments["_stdin"]  # type: ignore[union-attr]
    assert text.index("sh $undo") < text.index("save") < text.index("systemd-run"), "an old way back is gone first"
    script, undoing = "/var/lib/rigwright/undo/x.sh", "/var/lib/rigwright/undo/x.undoing.sh"
    assert body.startswith(f'[ "$0" = {undoing} ] || mv {script} {undoing} 2>/dev/null || exit 0\nundo\n')
    assert isinstance(disarm, str) and disarm.index(f"mv {script}") < disarm.index("{ then; }")

"""QEMU's monitor: what is asked of a running machine from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qemu.qmp import QMPClient
from qemu.qmp.error import QMPError

from sim.errors import SimulationError


def ask(socket: Path, command: str, arguments: Mapping[str, object] | None = None) -> Any:
    """The answer to one command of QEMU's machine protocol. Raises SimulationError when there is none."""

    async def session() -> Any:
        client = QMPClient("rigwright")
        await client.connect(str(socket))
        try:
            return await client.execute(command, dict(arguments or {}))
        finally:
            await client.disconnect()

    try:
        return asyncio.run(session())
    except (QMPError, OSError) as error:
        raise SimulationError(f"QEMU's monitor does not answer {command}: {error}") from error


def save_state(socket: Path, file: str, timeout: float = 120) -> None:
    """Writes the machine's memory and devices to `file` (a path that QEMU knows) and leaves it stopped."""
    ask(socket, "migrate", {"uri": f"file:{file}"})
    _await(socket, "query-migrate", {"completed"}, {"failed", "cancelled"}, timeout)


def await_state(socket: Path, timeout: float = 120) -> None:
    """Waits until a machine that was started from a saved state has taken that in, and lets it run."""
    _await(socket, "query-status", {"paused", "postmigrate", "running"}, {"internal-error"}, timeout)
    ask(socket, "cont")


def _await(socket: Path, query: str, good: set[str], bad: set[str], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        answer = ask(socket, query)
        state = answer.get("status", "none")
        if state in good:
            return
        if state in bad:
            raise SimulationError(f"QEMU's {query}: {answer.get('error-desc', state)}")
        time.sleep(0.05)
    raise SimulationError(f"QEMU's {query} is still {state} after {timeout:.0f} s")

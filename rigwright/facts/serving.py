"""What runtimes do now: whether they run, whether they can serve, and how fast the last answer was."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pyinfra.api import FactBase

# llama.cpp: "eval time = … 362.90 tokens per second"; vLLM: "Avg generation throughput: 41.2 tokens/s".
_SPEED = r"[0-9]+([.][0-9]+)?( tokens per second| tokens/s)"


@dataclass(frozen=True)
class ServingState:
    """One runtime. ``active``: systemd's word; ``restarts``: since it was started by somebody; ``status``: what its
    health path answers, 0: nothing; ``speed``: tokens a second of the last answer that it noted."""

    active: str
    restarts: int
    status: int
    speed: float | None


class Serving(FactBase[dict[str, ServingState]]):
    """Runtime → what it does. Raw lines: ``llm|active|0|200|362.90 tokens per second``."""

    def command(self, runtimes: list[tuple[str, str, str]]) -> str:
        """Ask for all at once. ``runtimes``: name, unit, health URL."""
        asked = [f"see {shlex.quote(name)} {shlex.quote(unit)} {shlex.quote(url)}" for name, unit, url in runtimes]
        return "\n".join(
            [
                'see() { echo "$1|$(systemctl is-active $2)|$(systemctl show -P NRestarts $2)|'
                "$(curl -s -o /dev/null -m 10 -w '%{http_code}' $3)|"
                f"$(journalctl -u $2 -n 2000 --no-pager -o cat 2>/dev/null | grep -oE '{_SPEED}' | tail -n 1)\"; }}",
                *asked,
            ]
        )

    @staticmethod
    def default() -> dict[str, ServingState]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, ServingState]:
        """Read one runtime a line."""
        found = {}
        for line in output:
            name, active, restarts, status, speed = line.split("|", 4)
            found[name] = ServingState(
                active=active,
                restarts=int(restarts or 0),
                status=int(status or 0),
                speed=float(speed.split(" ")[0]) if speed else None,
            )
        return found

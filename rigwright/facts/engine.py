"""The container engine as it runs, without waking it when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyinfra.api import FactBase

PROBE_IMAGE = "rigwright-probe"
PROBE_LABEL = "rigwright.probe"

# `docker` on a stopped engine would start it through docker.socket: a look must not change what it looks at.
_DOCKER = rf"""
export LC_ALL=C
command -v dockerd >/dev/null && echo "version=$(dockerd --version)"
if systemctl is-active -q docker.service; then
    echo "answers=$(docker info --format '{{{{.Swarm.LocalNodeState}}}}' 2>/dev/null)"
    docker image inspect {PROBE_IMAGE} --format 'probe={{{{index .Config.Labels "{PROBE_LABEL}"}}}}' 2>/dev/null
fi
true
"""
_PODMAN = rf"""
export LC_ALL=C
command -v podman >/dev/null || exit 0
echo "version=$(podman --version)"
echo answers=
podman image inspect {PROBE_IMAGE} --format 'probe={{{{index .Config.Labels "{PROBE_LABEL}"}}}}' 2>/dev/null
true
"""


@dataclass(frozen=True)
class EngineState:
    """What `Engine` found.

    ``version``: of the installed engine, None without one; ``answers``: it runs and talks (podman always does);
    ``swarm``: the host belongs to a Docker swarm; ``probe``: label of the probe image, None where there is none.
    """

    version: str | None = None
    answers: bool = False
    swarm: bool = False
    probe: str | None = None


class Engine(FactBase[EngineState]):
    """One engine in one command.

    Raw lines: ``version=Docker version 26.1.5+dfsg1, build 411e817`` (podman: ``version=podman version 5.4.2``),
    ``answers=inactive`` (Docker's swarm state), ``probe=2-2.41-12``.
    """

    def command(self, engine: Literal["docker", "podman"]) -> str:
        """Ask the engine's own tools."""
        return _DOCKER if engine == "docker" else _PODMAN

    @staticmethod
    def default() -> EngineState:
        """There is no engine."""
        return EngineState()

    def process(self, output: list[str]) -> EngineState:
        """Read key=value lines."""
        values = dict(line.split("=", 1) for line in output if "=" in line)
        words = values.get("version", "").replace(",", " ").split()
        return EngineState(
            version=words[2] if len(words) > 2 else None,
            answers="answers" in values,
            swarm=values.get("answers") in ("active", "pending", "locked", "error"),
            probe=values.get("probe"),
        )

"""The container engine as it runs, without waking it when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyinfra.api import FactBase

PROBE_IMAGE = "rigwright-probe"
PROBE_LABEL = "rigwright.probe"

# Volumes are folders; asking the engine for them costs as much as all the rest.
_VOLUMES = (
    """find "$(echo "$said" | sed -n 's/^root=//p')/volumes" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l"""
)
_PROBE = f"""image inspect {PROBE_IMAGE} --format 'probe={{{{index .Config.Labels "{PROBE_LABEL}"}}}}' 2>/dev/null"""

# `docker` on a stopped engine would start it through docker.socket: a look must not change what it looks at.
_DOCKER = f"""
export LC_ALL=C
command -v dockerd >/dev/null && echo "version=$(dockerd --version)"
if systemctl is-active -q docker.service; then
    said=$(docker info --format 'answers={{{{.Swarm.LocalNodeState}}}}
root={{{{.DockerRootDir}}}}
running={{{{.ContainersRunning}}}}
containers={{{{.Containers}}}}
images={{{{.Images}}}}' 2>/dev/null) && echo "$said" && echo "volumes=$({_VOLUMES})"
    docker {_PROBE}
    tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value docker.service)/cmdline 2>/dev/null |
        sed -nE '/^(--data-root|--graph|-g)$/{{n; s/^/started_with=/p}}; s/^(--data-root|--graph)=/started_with=/p'
fi
true
"""
_PODMAN = f"""
export LC_ALL=C
command -v podman >/dev/null || exit 0
echo "version=$(podman --version)"
echo answers=
said=$(podman info --format 'root={{{{.Store.GraphRoot}}}}
running={{{{.Store.ContainerStore.Running}}}}
containers={{{{.Store.ContainerStore.Number}}}}
images={{{{.Store.ImageStore.Number}}}}' 2>/dev/null) && echo "$said" && echo "volumes=$({_VOLUMES})"
podman {_PROBE}
true
"""


@dataclass(frozen=True)
class EngineState:
    """What `Engine` found.

    ``version``: of the installed engine, None without one; ``answers``: it runs and talks (podman always does);
    ``swarm``: the host belongs to a Docker swarm; ``probe``: label of the probe image, None where there is none;
    ``root``: where it keeps its data now, None where it does not answer; ``started_with``: the place that its unit
    names on its command line, None where it does not; ``running``: so many containers run;
    ``kept``: so many containers, images (but the probe image) and volumes are there.
    """

    version: str | None = None
    answers: bool = False
    swarm: bool = False
    probe: str | None = None
    root: str | None = None
    started_with: str | None = None
    running: int = 0
    kept: int = 0


class Engine(FactBase[EngineState]):
    """One engine in one command.

    Raw lines: ``version=Docker version 26.1.5+dfsg1, build 411e817`` (podman: ``version=podman version 5.4.2``),
    ``answers=inactive`` (Docker's swarm state), ``root=/var/lib/docker``, ``running=1``, ``containers=2``,
    ``images=3``, ``volumes=0``, ``probe=2-2.41-12``, ``started_with=/mnt/docker``.
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
        probes = 1 if "probe" in values else 0
        words = values.get("version", "").replace(",", " ").split()
        return EngineState(
            version=words[2] if len(words) > 2 else None,
            answers="answers" in values,
            swarm=values.get("answers") in ("active", "pending", "locked", "error"),
            probe=values.get("probe"),
            root=values.get("root") or None,
            started_with=values.get("started_with"),
            running=int(values.get("running") or 0),
            kept=max(0, sum(int(values.get(name) or 0) for name in ("containers", "images", "volumes")) - probes),
        )

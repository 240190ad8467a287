"""What serves on a host by others' hands: containers that run, their images and compose projects, Ollama's service."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase

_FORMAT = (
    '{{.Names}}|{{.Image}}|{{.Label "com.docker.compose.project"}}'
    '|{{.Label "com.docker.compose.project.config_files"}}|{{.Ports}}'
)
# A stopped Docker is not started by being asked; and of a container's environment nothing is read: keys stand there.
_COMMAND = f"""
export LC_ALL=C
systemctl is-active -q docker.service && timeout 60 docker ps --format 'docker|{_FORMAT}' 2>/dev/null
command -v podman >/dev/null && timeout 60 podman ps --format 'podman|{{{{.Names}}}}|{{{{.Image}}}}|||' 2>/dev/null
systemctl is-enabled -q ollama.service 2>/dev/null && echo ollama
true
"""


@dataclass(frozen=True)
class RunningContainer:
    """One container: its name, image, compose project and that one's files (empty: none), its ports as shown."""

    engine: str
    name: str
    image: str
    project: str = ""
    files: str = ""
    ports: str = ""


@dataclass(frozen=True)
class ServedState:
    """``ollama``: Ollama's own service starts at boot."""

    containers: tuple[RunningContainer, ...] = ()
    ollama: bool = False


class Served(FactBase[ServedState]):
    """Raw lines: ``docker|web-1|caddy:2|web|/opt/web/compose.yaml|0.0.0.0:80->80/tcp``, ``ollama``."""

    def command(self) -> str:
        """Ask the engines."""
        return _COMMAND

    @staticmethod
    def default() -> ServedState:
        """Nothing."""
        return ServedState()

    def process(self, output: list[str]) -> ServedState:
        """Read one container a line."""
        rows = (line.split("|", 5) for line in output if line.count("|") >= 5)
        return ServedState(tuple(RunningContainer(*row) for row in rows), "ollama" in output)

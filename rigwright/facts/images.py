"""Which images an engine has, by name and digest."""

from __future__ import annotations

import json
from typing import Literal

from pyinfra.api import FactBase


class Images(FactBase[frozenset[str]]):
    """``name@sha256:…`` of every image that was pulled by a digest that a registry knows.

    Raw lines: a JSON list of such names an image, ``["ghcr.io/x/y@sha256:…"]``; nothing where no engine answers.
    """

    def command(self, engine: Literal["docker", "podman"]) -> str:
        """Ask for all of them at once, and never start a stopped engine by asking."""
        awake = "systemctl is-active -q docker.service || exit 0; " if engine == "docker" else ""
        return (
            f'({awake}ids=$({engine} image ls -q --no-trunc | sort -u) && [ -n "$ids" ] && '
            f"{engine} image inspect --format '{{{{json .RepoDigests}}}}' $ids) 2>/dev/null || true"
        )

    @staticmethod
    def default() -> frozenset[str]:
        """None."""
        return frozenset()

    def process(self, output: list[str]) -> frozenset[str]:
        """Read one list a line."""
        return frozenset(name for line in output for name in (json.loads(line) or ()))

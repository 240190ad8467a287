"""`python -m tests.system.as_a_machine …`: `rig`, which takes a container for a machine that can be rebooted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyinfra_cli  # noqa: F401  (makes the process cooperative: it must come before whatever uses sockets)

from cli.main import main
from rigwright.facts.release import Release, ReleaseState

_process = Release.process


def _machine(self: Release, output: list[str]) -> ReleaseState:
    return dataclasses.replace(_process(self, output), container=None)


def _patch(owner: Any) -> None:
    owner.process = _machine


if __name__ == "__main__":
    _patch(Release)
    main()

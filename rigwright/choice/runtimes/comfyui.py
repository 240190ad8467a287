"""ComfyUI: pictures by nodes. All that it has lies in one folder, its models too, which people add by hand."""

from __future__ import annotations

import shlex

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.keepsake import Lasting
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import Service, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

LASTING = Lasting(paths=["root/ComfyUI/user", "root/ComfyUI/input"])
"""Workflows and settings, and what pictures are made from. Models and nodes, many gigabytes, are fetched again."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The page. Raises `NoImage`."""
    return base(
        rig, name, runtime, kind,
        environment={"CLI_ARGS": shlex.join(options(runtime.args))},
        data={"root": "/root"}, root=True, writable=True,
    )  # fmt: skip

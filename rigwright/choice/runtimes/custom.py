"""Any image: its command, its port, and the folder that it may write to, /data."""

from __future__ import annotations

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.keepsake import Lasting
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import Service, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

LASTING = Lasting(paths=["data"])
"""Only its owner knows what it writes there."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """As declared. Raises `NoImage`."""
    return base(
        rig, name, runtime, kind,
        command=[*runtime.command, *options(runtime.args)], data={"data": "/data"}, root=True, writable=True,
    )  # fmt: skip

"""The throw-away hosts that the tests of the whole use."""

from __future__ import annotations

from typing import Any

from sim.gpu.models import rtx3090s
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched


def gpu_host(name: str = "basement", release: str = "trixie", **more: Any) -> ThrowawayHost:
    """A bare host with two simulated RTX 3090, which need not fetch Debian's packages again."""
    return ThrowawayHost(name, root=prefetched(release), gpus=rtx3090s(2), **more)

"""The throw-away hosts that the tests of the whole use."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sim.gpu.models import rtx3090s
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched


def gpu_host(name: str = "basement", release: str = "trixie", **more: Any) -> ThrowawayHost:
    """A bare host with two simulated RTX 3090, which need not fetch Debian's packages again."""
    return ThrowawayHost(name, root=prefetched(release), gpus=rtx3090s(2), **more)


def card_of(host: ThrowawayHost, index: int) -> dict[str, Any]:
    """How a simulated card of the host truly is."""
    found: dict[str, Any] = json.loads(host.run(f"rigwright-sim-gpu show {index}").stdout)
    return found


def eventually(what: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it comes to be so within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.3)
    return what()

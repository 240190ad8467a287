"""SGLang: one model, on all of its cards at once (docs.sglang.ai, server arguments)."""

from __future__ import annotations

from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import folder
from rigwright.choice.runtimes.common import EVERYWHERE, base, cards, split
from rigwright.choice.runtimes.service import Service, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

CACHE = {"f16": "auto", "q8_0": "fp8_e4m3"}


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NotLocked` and `NoImage`."""
    count = cards(rig, runtime, kind)
    tensor, pipeline = split(count)
    ((model, served),) = runtime.models.items()
    declared: dict[str, Any] = {
        "model-path": folder(rig, model),
        "served-model-name": model,
        "host": EVERYWHERE,
        "port": kind.port,
        "context-length": served.context_tokens,
        "max-running-requests": served.parallel,
        "kv-cache-dtype": CACHE[served.cache_type],
        "tp-size": tensor,
        "pp-size": pipeline,
        # Over PCIe it hangs (facts: 2 x RTX 3090 without NVLink).
        **({"disable-custom-all-reduce": True} if tensor > 1 else {}),
        **runtime.args,
        **served.args,
    }
    return base(
        rig, name, runtime, kind,
        command=["python3", "-m", "sglang.launch_server", *options(declared)],
        environment={"HF_HUB_OFFLINE": "1"},
        data={"cache": "/root/.cache/sglang"}, ipc_host=True, root=True, writable=True,
    )  # fmt: skip

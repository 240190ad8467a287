"""vLLM: one model, on all of its cards at once.

Without NVLink, cards of this kind have no way to one another but the host's memory: so NCCL is told (facts of
2 x RTX 3090: docs.vllm.ai, and reports in its issues).
"""

from __future__ import annotations

from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import folder
from rigwright.choice.runtimes.common import EVERYWHERE, base, cards, split
from rigwright.choice.runtimes.service import Service, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

CACHE = {"f16": "auto", "q8_0": "fp8"}
MEMORY_SHARE = 0.92
"""Of a card's memory that it takes; its own default, 0.9, leaves 2.4 GB of a 24 GB card."""
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}
NO_LINKS = {"NCCL_P2P_DISABLE": "1", "NCCL_CUMEM_ENABLE": "0"}


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NotLocked` and `NoImage`."""
    count = cards(rig, runtime, kind)
    tensor, pipeline = split(count)
    ((model, served),) = runtime.models.items()
    declared: dict[str, Any] = {
        "served-model-name": model,
        "host": EVERYWHERE,
        "port": kind.port,
        "max-model-len": served.context_tokens,
        "max-num-seqs": served.parallel,
        "kv-cache-dtype": CACHE[served.cache_type],
        "gpu-memory-utilization": MEMORY_SHARE,
        "tensor-parallel-size": tensor,
        "pipeline-parallel-size": pipeline,
        **runtime.args,
        **served.args,
    }
    return base(
        rig, name, runtime, kind,
        command=[folder(rig, model), *options(declared)],
        environment={**ENVIRONMENT, **(NO_LINKS if count > 1 else {})},
        data={"cache": "/root/.cache/vllm"}, ipc_host=True, root=True, writable=True,
    )  # fmt: skip

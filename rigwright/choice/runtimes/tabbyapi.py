"""TabbyAPI: ExLlama's quantisations behind OpenAI's API. Its configuration is a file (config_sample.yml)."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import folder
from rigwright.choice.runtimes.common import EVERYWHERE, base, cards
from rigwright.choice.runtimes.service import INSIDE, Service, merged
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

CACHE = {"f16": "FP16", "q8_0": "Q8", "q4_0": "Q4"}
SHM_MB = 8192
FILE = "config.yml"


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NotLocked` and `NoImage`."""
    ((model, served),) = runtime.models.items()
    parent, own = posixpath.split(folder(rig, model))
    configuration: dict[str, Any] = {
        # It is on loopback, and the gateway asks for keys.
        "network": {"host": EVERYWHERE, "port": kind.port, "disable_auth": True},
        "model": {
            "model_dir": parent,
            "model_name": own,
            "max_seq_len": served.context_tokens,
            "cache_size": served.context_tokens * served.parallel,
            "max_batch_size": served.parallel,
            "cache_mode": CACHE[served.cache_type],
            **({"tensor_parallel": True, "tensor_parallel_backend": "native"} if cards(rig, runtime, kind) > 1 else {}),
        },
    }
    declared = merged(configuration, merged(runtime.args, served.args))
    return base(
        rig, name, runtime, kind,
        command=["--config", f"{INSIDE}/{FILE}"],
        files={FILE: json.dumps(declared, indent=2) + "\n"},  # JSON is YAML, too
        shm_mb=SHM_MB, memlock=True, root=True, writable=True,
    )  # fmt: skip

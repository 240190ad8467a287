"""LiteLLM: one API in front of several runtimes. Its configuration is a file (docs.litellm.ai, proxy configuration).

It has no key of its own: it is on loopback and on the runtimes' bridge, and the gateway asks for keys. Without one
it does not start, unless it is told that this is meant.
"""

from __future__ import annotations

import json
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import INSIDE, Service, merged
from rigwright.choice.runtimes.upstream import models
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

FILE = "config.yaml"
OWN_KEY = "LITELLM_MASTER_KEY"
_WITHOUT_KEY = "dangerously_permit_weak_or_unset_master_key"
ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""What others' models cost it is not to fetch from the network whenever it starts."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The proxy. Raises `NoImage`."""
    configuration: dict[str, Any] = {
        "model_list": [
            {
                "model_name": model,
                "litellm_params": {"model": f"openai/{served}", "api_base": url, "api_key": "none"},
            }
            for model, served, url in models(rig, runtime)
        ],
        "litellm_settings": {"telemetry": False},
        **({} if OWN_KEY in runtime.secrets else {"general_settings": {_WITHOUT_KEY: True}}),
    }
    return base(
        rig, name, runtime, kind,
        command=["--config", f"{INSIDE}/{FILE}", "--port", str(kind.port)],
        environment=ENVIRONMENT,
        files={FILE: json.dumps(merged(configuration, runtime.args), indent=2) + "\n"},  # JSON is YAML, too
        root=True, writable=True,
    )  # fmt: skip

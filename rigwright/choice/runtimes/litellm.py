"""LiteLLM: one API in front of several runtimes. Its configuration is a file (docs.litellm.ai, proxy configuration).

It has no key of its own: it is on loopback and on the runtimes' bridge, and the gateway asks for keys.
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
    }
    return base(
        rig, name, runtime, kind,
        command=["--config", f"{INSIDE}/{FILE}", "--port", str(kind.port)],
        files={FILE: json.dumps(merged(configuration, runtime.args), indent=2) + "\n"},  # JSON is YAML, too
        root=True, writable=True,
    )  # fmt: skip

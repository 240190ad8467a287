"""llama-swap: starts a llama.cpp for the model that is asked for, and stops it for the next one.

Its configuration has a schema (config-schema.json of github.com/mostlygeek/llama-swap). What models are served with is
`args`, as for llama.cpp; groups, times to live and whatever else is llama-swap's own is `config`.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.runtimes import llama_cpp
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import INSIDE, Service, merged, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

FILE = "config.yaml"
SERVER = "/app/llama-server"
LEAST_CHECK_S = 15
"""It waits no shorter for a model (the schema's minimum of healthCheckTimeout)."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The proxy. Raises `NotLocked` and `NoImage`."""
    service = base(rig, name, runtime, kind)
    models: dict[str, Any] = {}
    for model, served in runtime.models.items():
        declared = {
            **llama_cpp.common(bool(service.devices)),
            **llama_cpp.options_of(rig, model, served),
            **runtime.args,
        }
        models[model] = {"cmd": f"{SERVER} --host 127.0.0.1 --port ${{PORT}} {shlex.join(options(declared))}"}
    configuration = {"healthCheckTimeout": max(LEAST_CHECK_S, runtime.start_s), "models": models}
    return base(
        rig, name, runtime, kind,
        command=["--config", f"{INSIDE}/{FILE}", "--listen", f":{kind.listens}"],
        files={FILE: json.dumps(merged(configuration, runtime.config), indent=2) + "\n"},  # JSON is YAML, too
        root=True, writable=True,
    )  # fmt: skip

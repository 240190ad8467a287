"""whisper.cpp's server at the path of OpenAI's audio API. Its image runs one command line by a shell."""

from __future__ import annotations

import shlex
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import of
from rigwright.choice.runtimes.common import EVERYWHERE, base
from rigwright.choice.runtimes.service import Service, options
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

PATH = "/v1/audio/transcriptions"
_SCRATCH = {"tmp-dir": "/tmp"}  # in a container: where it is started, which is its own choice, nothing can be written


def _weights(rig: Rig, model: str) -> str:
    """The file that it loads: ggml's, which its makers end with .bin; else the first."""
    used = [each.used for each in of(rig, model)]
    return next((path for path in used if path.endswith(".bin")), used[0])


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NotLocked` and `NoImage`."""
    ((model, served),) = runtime.models.items()
    declared: dict[str, Any] = {
        "model": _weights(rig, model),
        "host": EVERYWHERE,
        "port": kind.listens,
        "inference-path": PATH,
        **(_SCRATCH if "convert" in {**runtime.args, **served.args} else {}),
        **runtime.args,
        **served.args,
    }
    return base(
        rig, name, runtime, kind, command=[shlex.join(["whisper-server", *options(declared)])]
    )  # fmt: skip

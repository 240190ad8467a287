"""Ollama: what it has it keeps itself, in its own folder on the models' disk.

Never by its installer, which brings an unpinned driver and overwrites the unit. Variables: envconfig/config.go. Left
alone it takes as much context as the cards have memory for, whoever else may need that.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.runtimes.common import EVERYWHERE, base
from rigwright.choice.runtimes.service import LOOPBACK, Mount, Service
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

FOLDER = "ollama"
INSIDE = "/models"
CONTEXT_TOKENS = 8192
"""Of each request, unless OLLAMA_CONTEXT_LENGTH is declared in its env."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NoImage`."""
    native = runtime.how == "native"
    service = base(rig, name, runtime, kind)
    place = posixpath.join(rig.models.root, FOLDER)
    environment = {
        "OLLAMA_HOST": f"{LOOPBACK if native else EVERYWHERE}:{service.listens}",
        "OLLAMA_MODELS": place if native else INSIDE,
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_CONTEXT_LENGTH": str(CONTEXT_TOKENS),
        "OLLAMA_NO_CLOUD": "1",
    }
    return replace(
        service,
        command=["serve"],
        program="ollama",
        environment={**environment, **service.environment},
        mounts=[Mount(place, INSIDE, read_only=False)] if not native else [Mount(place, place, read_only=False)],
        writable=True,
    )

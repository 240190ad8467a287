"""Ollama: it serves the declared models from the store that they were pulled into; without any, what it pulls itself.

Never by its installer, which brings an unpinned driver and overwrites the unit. Variables: envconfig/config.go. Left
alone it takes as much context as the cards have memory for, whoever else may need that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.keepsake import Lasting
from rigwright.choice.models import ollama_store
from rigwright.choice.runtimes.common import EVERYWHERE, base
from rigwright.choice.runtimes.service import LOOPBACK, Mount, Service
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

LASTING = Lasting(paths=["home/.ollama/id_ed25519", "home/.ollama/id_ed25519.pub"])
"""Who it is to others. Models are pulled again."""
INSIDE = "/models"
HOME = "/home/ollama"
"""In its container, where its user has none: without one it does not start (initializeKeypair in cmd/cmd.go)."""
CONTEXT_TOKENS = 8192
"""Of each request, where it has no declared models and no OLLAMA_CONTEXT_LENGTH in its env."""
AT_ONCE = "OLLAMA_MAX_LOADED_MODELS"
OF_ALL_MODELS = {
    "context_tokens": "OLLAMA_CONTEXT_LENGTH",
    "parallel": "OLLAMA_NUM_PARALLEL",
    "cache_type": "OLLAMA_KV_CACHE_TYPE",
}
"""Key of a served model → the variable that says it, of all models at once."""
OURS = (*OF_ALL_MODELS.values(), "OLLAMA_MODELS", "OLLAMA_NOPRUNE")
"""Variables that follow from what is declared elsewhere, where there are declared models."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NoImage`."""
    native = runtime.how == "native"
    service = base(rig, name, runtime, kind)
    place = ollama_store(rig)
    inside = place if native else INSIDE
    environment = {
        "OLLAMA_HOST": f"{LOOPBACK if native else EVERYWHERE}:{service.listens}",
        "OLLAMA_MODELS": inside,
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_NO_CLOUD": "1",
        **({} if native else {"HOME": HOME}),
        **(_of_declared(runtime) if runtime.models else {"OLLAMA_CONTEXT_LENGTH": str(CONTEXT_TOKENS)}),
    }
    return replace(
        service,
        command=["serve"],
        program="ollama",
        environment={**environment, **service.environment},
        mounts=[Mount(place, inside, read_only=bool(runtime.models))],
        data={} if native else {"home": HOME},
        writable=True,
    )


def at_once(runtime: Runtime) -> int:
    """So many models are kept in memory at a time; the last one used makes room. It may be told to find that out
    itself (0): then all of them count."""
    declared = runtime.env.get(AT_ONCE, "1")
    return int(declared) if declared.isdecimal() and int(declared) else len(runtime.models)


def settings(runtime: Runtime) -> dict[str, Mapping[str, object]]:
    """Model → what of it can only be said of all models at once, by the names of the keys."""
    return {model: {name: getattr(served, name) for name in OF_ALL_MODELS} for model, served in runtime.models.items()}


def _of_declared(runtime: Runtime) -> dict[str, str]:
    """As the first of them has it: others have the same (rules/ollama.py)."""
    first = next(iter(settings(runtime).values()))
    return {
        **{variable: str(first[name]) for name, variable in OF_ALL_MODELS.items()},
        # What lies there is fetch's: it would remove what it does not know, such as half a blob.
        "OLLAMA_NOPRUNE": "1",
        # As it is reckoned: one at a time, shared out among all cards.
        AT_ONCE: "1",
        "OLLAMA_SCHED_SPREAD": "1",
    }

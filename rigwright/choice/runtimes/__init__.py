"""Runtimes of a declaration as services: one module a kind says what is its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rigwright.catalog import Catalog
from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.keepsake import Keepsake, Lasting
from rigwright.choice.models import NotLocked
from rigwright.choice.runtimes import (
    comfyui,
    custom,
    litellm,
    llama_cpp,
    llama_swap,
    ollama,
    open_webui,
    sglang,
    speaches,
    tabbyapi,
    vllm,
    whisper_cpp,
)
from rigwright.choice.runtimes.common import image_of, port_of
from rigwright.choice.runtimes.service import FOLDER, SECRETS, NoImage, Service, pinned, state_of, unit_of
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Kind, Runtime

NATIVE = ("llama.cpp", "ollama")
"""Kinds that can be a service by themselves."""
ONE_MODEL = ("vllm", "sglang", "tabbyapi", "whisper.cpp")
"""Kinds that serve a single one."""
MODELS = (*ONE_MODEL, "llama.cpp", "llama-swap")
"""Kinds that serve what they are told to, and nothing without."""
GGUF = ("llama.cpp", "llama-swap")
"""Kinds that load GGUFs alone."""
CONFIGURED = ("llama-swap",)
"""Kinds with a configuration file beside their options; litellm's and tabbyapi's options are one."""
OLLAMAS = ("ollama", *GGUF, "custom")
"""Kinds that can do something with a model of the Ollama registry."""
WITHOUT_MODELS = ("open-webui", "litellm", "comfyui", "speaches")
"""Kinds that are not told which to serve: fronts ask others."""
FRONTS = ("open-webui", "litellm")
"""Kinds that stand in front of others."""

Maker = Callable[[Rig, str, Runtime, RuntimeKind], Service]
_MAKERS: Mapping[Kind, Maker] = {
    "llama.cpp": llama_cpp.make,
    "llama-swap": llama_swap.make,
    "ollama": ollama.make,
    "vllm": vllm.make,
    "sglang": sglang.make,
    "tabbyapi": tabbyapi.make,
    "open-webui": open_webui.make,
    "litellm": litellm.make,
    "comfyui": comfyui.make,
    "whisper.cpp": whisper_cpp.make,
    "speaches": speaches.make,
    "custom": custom.make,
}

_LASTING: Mapping[Kind, Lasting] = {
    "open-webui": open_webui.LASTING,
    "ollama": ollama.LASTING,
    "comfyui": comfyui.LASTING,
    "custom": custom.LASTING,
}
"""Kinds that have something that a reinstall would lose; what the others write can be had again."""

__all__ = [
    "CONFIGURED",
    "FRONTS",
    "GGUF",
    "MODELS",
    "NATIVE",
    "OLLAMAS",
    "ONE_MODEL",
    "WITHOUT_MODELS",
    "NoImage",
    "NotLocked",
    "image_of",
    "keepsakes",
    "pinned",
    "port_of",
    "service",
    "services",
    "unit_of",
]


def services(rig: Rig, catalog: Catalog) -> list[Service]:
    """Every runtime, in the order of the declaration. Raises `NotLocked` and `NoImage`."""
    if rig.runtimes.state == "absent":
        return []
    return [service(rig, catalog, name) for name in rig.runtimes.services]


def service(rig: Rig, catalog: Catalog, name: str) -> Service:
    """One runtime. Raises `NotLocked` and `NoImage`."""
    runtime = rig.runtimes.services[name]
    return _MAKERS[runtime.kind](rig, name, runtime, catalog.runtimes[runtime.kind])


def keepsakes(rig: Rig, catalog: Catalog) -> list[Keepsake]:
    """What each of them has, and the secrets that it was told."""
    if rig.runtimes.state == "absent":
        return []
    found = []
    for name, runtime in rig.runtimes.services.items():
        lasting = _LASTING.get(runtime.kind, Lasting(paths=[]))
        place = state_of(name) if runtime.how == "native" else f"{rig.runtimes.data}/{name}"
        inside = [path.removeprefix("home/") if runtime.how == "native" else path for path in lasting.paths]
        paths = [f"{place}/{path}" for path in inside]
        if runtime.secrets:
            paths.append(f"{FOLDER}/{name}/{SECRETS}")
        if paths:
            exclude = [f"{place}/{path}" for path in lasting.exclude]
            found.append(Keepsake(f"runtime {name}", paths=paths, exclude=exclude, stopped=[unit_of(name)]))
    return found

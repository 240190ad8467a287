"""llama.cpp's server in router mode: one process a model, loaded when it is asked for.

Its presets and options: tools/server/README.md of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rigwright.choice.models import folder, of
from rigwright.choice.runtimes.service import INSIDE, text
from rigwright.metadata.gguf import NotGguf, main_files
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime, Served

PRESETS = "models.ini"


def command(rig: Rig, name: str, runtime: Runtime, host: str, port: int, presets: str) -> list[str]:
    """The server's options; those of models are in the presets."""
    return ["--host", host, "--port", str(port), "--models-preset", presets, "--no-webui"]


def presets(rig: Rig, runtime: Runtime, gpus: bool) -> str:
    """The INI that it reads. Raises `NotLocked`."""
    sections = ["version = 1\n", _section("*", {**_common(gpus), **runtime.args})]
    sections += [_section(name, _model(rig, name, served)) for name, served in runtime.models.items()]
    return "\n".join(sections)


def model_file(rig: Rig, name: str) -> str:
    """The file that it loads: of a model in parts the first. Raises `NotLocked` and `NotGguf`."""
    paths = {each.used: each for each in of(rig, name)}
    found = main_files(paths)
    if not found:
        raise NotGguf("no GGUF is among its files")
    return found[0]


def _common(gpus: bool) -> dict[str, Any]:
    """With cards everything lies on them: what does not fit fails, instead of creeping along on the processor."""
    return {"n-gpu-layers": "all", "fit": "off"} if gpus else {"n-gpu-layers": 0, "fit": "off"}


def _model(rig: Rig, name: str, served: Served) -> dict[str, Any]:
    options: dict[str, Any] = {
        "model": model_file(rig, name),
        # The context is shared out among the slots: each is to have the whole one.
        "ctx-size": served.context_tokens * served.parallel,
        "parallel": served.parallel,
        "cache-type-k": served.cache_type,
        "cache-type-v": served.cache_type,
    }
    if served.cache_type != "f16":
        options["flash-attn"] = "on"  # without it values cannot be kept so
    return {**options, **dict(_projector(rig, name)), **served.args}


def _projector(rig: Rig, name: str) -> Iterator[tuple[str, str]]:
    for each in of(rig, name):
        if each.used.endswith(".gguf") and "mmproj" in each.used.rpartition("/")[2].lower():
            yield "mmproj", each.used


def _section(name: str, options: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {text(value)}\n" for key, value in options.items())


def inside() -> str:
    """Where a container finds the presets."""
    return f"{INSIDE}/{PRESETS}"


def models_folder(rig: Rig, name: str) -> str:
    """What has to be seen of the disk for a model. Raises `NotLocked`."""
    return folder(rig, name)

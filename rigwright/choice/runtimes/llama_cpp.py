"""llama.cpp's server in router mode: one process a model, loaded when it is asked for.

Its presets and options: tools/server/README.md of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import Placed, of
from rigwright.choice.runtimes.common import EVERYWHERE, base
from rigwright.choice.runtimes.service import FOLDER, INSIDE, LOOPBACK, Service, text
from rigwright.metadata.gguf import NotGguf, main_files
from rigwright.spec.ollama import ADAPTER, MODEL, PROJECTOR
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime, Served

PRESETS = "models.ini"
AT_ONCE = "models-max"
"""The router's own option; all others are its models'."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NotLocked` and `NoImage`."""
    native = runtime.how == "native"
    host, file = (LOOPBACK, f"{FOLDER}/{name}/files/{PRESETS}") if native else (EVERYWHERE, f"{INSIDE}/{PRESETS}")
    service = base(rig, name, runtime, kind)
    return replace(
        service,
        command=[
            *("--host", host, "--port", str(service.listens), "--models-preset", file),
            *("--models-max", str(at_once(runtime)), "--no-webui"),
        ],
        program="llama-server",
        files={PRESETS: presets(rig, runtime, bool(service.devices))},
    )


def at_once(runtime: Runtime) -> int:
    """So many models are kept in memory at a time: one, unless more are declared; the last one used makes room."""
    declared = runtime.args.get(AT_ONCE)
    return declared if isinstance(declared, int) and declared > 0 else 1


def presets(rig: Rig, runtime: Runtime, gpus: bool) -> str:
    """The INI that it reads. Raises `NotLocked`."""
    args = {name: value for name, value in runtime.args.items() if name != AT_ONCE}
    sections = ["version = 1\n", _section("*", {**common(gpus), **args})]
    sections += [_section(name, options_of(rig, name, served)) for name, served in runtime.models.items()]
    return "\n".join(sections)


def model_file(rig: Rig, name: str) -> str:
    """The file that it loads: of a model in parts the first. Raises `NotLocked` and `NotGguf`."""
    files = of(rig, name)
    if rig.models.wanted[name].ollama is not None:
        return _blob(files)
    found = main_files(each.used for each in files)
    if not found:
        raise NotGguf("no GGUF is among its files")
    return found[0]


def _blob(files: Sequence[Placed]) -> str:
    """Of a model of Ollama's the weights, which have no name of their own. Raises `NotGguf`."""
    found = [each.used for each in files if each.media_type == MODEL]
    if len(found) != 1:
        raise NotGguf(f"it has {len(found)} layers with a model")
    if any(each.media_type == ADAPTER for each in files):
        raise NotGguf("an adapter belongs to it, which only Ollama puts together with it")
    return found[0]


def common(gpus: bool) -> dict[str, Any]:
    """With cards everything lies on them: what does not fit fails, instead of creeping along on the processor."""
    return {"n-gpu-layers": "all", "fit": "off"} if gpus else {"n-gpu-layers": 0, "fit": "off"}


def options_of(rig: Rig, name: str, served: Served) -> dict[str, Any]:
    """What it is told of one model. Raises `NotLocked` and `NotGguf`."""
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
        named = each.used.endswith(".gguf") and "mmproj" in each.used.rpartition("/")[2].lower()
        if named or each.media_type == PROJECTOR:
            yield "mmproj", each.used


def _section(name: str, options: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {text(value)}\n" for key, value in options.items())

"""What all kinds have in common of a runtime in a container or by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.runtimes.service import Mount, Service, devices, pinned
from rigwright.spec.ollama import OllamaName
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

EVERYWHERE = "0.0.0.0"  # in a container of its own, whose port is published on loopback alone


def image_of(runtime: Runtime, kind: RuntimeKind) -> str | None:
    """The image with its tag; None: it is run without one."""
    return None if runtime.how == "native" else runtime.image or kind.image


def port_of(runtime: Runtime, kind: RuntimeKind) -> int | None:
    """Its port on loopback."""
    return runtime.port or kind.port


def base(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind, **more: Any) -> Service:
    """A service with all that does not differ from kind to kind; ``more``: what does. Raises `NoImage`."""
    native = runtime.how == "native"
    seen = devices(rig, runtime, kind.computes)
    port = port_of(runtime, kind) or 0
    image = image_of(runtime, kind)
    environment = {**(_visible(seen) if native else {}), **more.pop("environment", {}), **runtime.env}
    service = Service(
        name=name,
        kind=runtime.kind,
        image=pinned(rig, image) if image is not None else None,
        command=(),
        port=port,
        listens=port if native else runtime.listens or kind.listens or kind.port or port,
        health=runtime.health or kind.health or "/",
        start_s=runtime.start_s,
        models=tuple(served_as(rig, runtime, model) for model in runtime.models),
        environment=environment,
        secrets=runtime.secrets,
        mounts=_models(rig, runtime),
        devices=seen,
        after=tuple(runtime.upstreams),
        archive=runtime.archive if native else None,
    )
    return replace(service, **more)


def served_as(rig: Rig, runtime: Runtime, model: str) -> str:
    """The name by which it is asked for a model: Ollama has names of its own."""
    name = rig.models.wanted[model].ollama
    return OllamaName.of(name).served if runtime.kind == "ollama" and name is not None else model


def cards(rig: Rig, runtime: Runtime, kind: RuntimeKind) -> int:
    """So many cards it computes on; 1 where that is not known."""
    if runtime.gpus is not None:
        return max(1, len(runtime.gpus))
    return max(1, len(rig.hardware.gpus)) if kind.computes else 1


def split(count: int) -> tuple[int, int]:
    """How cards share a model: tensor parallel, pipeline parallel. Heads divide by powers of two alone."""
    return (count, 1) if count & (count - 1) == 0 else (1, count)


def _visible(seen: list[str]) -> dict[str, str]:
    """What lets a native program see its cards alone: the driver's own variable, by UUID."""
    if seen == ["nvidia.com/gpu=all"]:
        return {}
    return {"CUDA_VISIBLE_DEVICES": ",".join(name.partition("=")[2] for name in seen)}


def _models(rig: Rig, runtime: Runtime) -> list[Mount]:
    """The models' disk where it is on the host: a model has one path everywhere. Own files by their folders."""
    own = [rig.models.wanted[name].path for name in runtime.models]
    folders = {path.rpartition("/")[0] for path in own if path is not None}
    if None in own:
        folders.add(rig.models.root)
    return [Mount(each, each) for each in sorted(folders)]

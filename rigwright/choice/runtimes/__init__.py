"""Runtimes of a declaration as services: one module a kind says what is its own."""

from __future__ import annotations

from rigwright.catalog import Catalog
from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import NotLocked
from rigwright.choice.runtimes import llama_cpp
from rigwright.choice.runtimes.service import FOLDER, LOOPBACK, Mount, Service, devices, options, unit_of
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

EVERYWHERE = "0.0.0.0"  # in a container of its own, whose port is published on loopback alone
NATIVE = ("llama.cpp",)
"""Kinds that can be a service by themselves."""


class NoImage(LookupError):
    """An image has no digest in images.lock, which a sound declaration has."""


def services(rig: Rig, catalog: Catalog) -> list[Service]:
    """Every runtime, in the order of the declaration. Raises `NotLocked` and `NoImage`."""
    if rig.runtimes.state == "absent":
        return []
    return [service(rig, catalog, name) for name in rig.runtimes.services]


def service(rig: Rig, catalog: Catalog, name: str) -> Service:
    """One runtime. Raises `NotLocked` and `NoImage`."""
    runtime = rig.runtimes.services[name]
    kind = catalog.runtimes[runtime.kind]
    return _MAKERS[runtime.kind](rig, name, runtime, kind)


def image_of(runtime: Runtime, kind: RuntimeKind) -> str | None:
    """The image with its tag; None: it is run without one."""
    return None if runtime.how == "native" else runtime.image or kind.image


def pinned(rig: Rig, image: str) -> str:
    """The image by its digest. Raises `NoImage`."""
    digest = rig.locks.images.get(image)
    if digest is None:
        raise NoImage(f"{image} is not in images.lock")
    return f"{image.rpartition(':')[0]}@{digest}"


def port_of(runtime: Runtime, kind: RuntimeKind) -> int | None:
    """Its port on loopback."""
    return runtime.port or kind.port


def _llama_cpp(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    seen = devices(rig, runtime, kind.computes)
    native = runtime.how == "native"
    port = port_of(runtime, kind) or 0
    listens = port if native else kind.port or 0
    presets = f"{FOLDER}/{name}/files/{llama_cpp.PRESETS}" if native else llama_cpp.inside()
    host = LOOPBACK if native else EVERYWHERE
    image = image_of(runtime, kind)
    return Service(
        name=name,
        kind=runtime.kind,
        image=pinned(rig, image) if image is not None else None,
        command=llama_cpp.command(rig, name, runtime, host, listens, presets),
        port=port,
        listens=listens,
        health=runtime.health or kind.health or "/",
        start_s=runtime.start_s,
        models=list(runtime.models),
        environment={**_visible(seen, native), **runtime.env},
        secrets=runtime.secrets,
        archive=runtime.archive if native else None,
        program="llama-server",
        files={llama_cpp.PRESETS: llama_cpp.presets(rig, runtime, bool(seen))},
        mounts=_models(rig, runtime),
        devices=seen,
    )


def _custom(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    image = image_of(runtime, kind)
    port = port_of(runtime, kind) or 0
    return Service(
        name=name,
        kind=runtime.kind,
        image=pinned(rig, image) if image is not None else None,
        command=[*runtime.command, *options(runtime.args)],
        port=port,
        listens=runtime.listens or port,
        health=runtime.health or "/",
        start_s=runtime.start_s,
        models=list(runtime.models),
        environment=dict(runtime.env),
        secrets=runtime.secrets,
        mounts=_models(rig, runtime),
        data={"data": "/data"},
        devices=devices(rig, runtime, kind.computes),
        root=True,
        writable=True,
    )


def _visible(seen: list[str], native: bool) -> dict[str, str]:
    """What lets a native program see its cards alone: the driver's own variable, by UUID."""
    if not native or seen == ["nvidia.com/gpu=all"]:
        return {}
    return {"CUDA_VISIBLE_DEVICES": ",".join(name.partition("=")[2] for name in seen)}


def _models(rig: Rig, runtime: Runtime) -> list[Mount]:
    """The models' disk where it is on the host: a model has one path everywhere. Own files by their folders."""
    if not runtime.models:
        return []
    own = [rig.models.wanted[name].path for name in runtime.models]
    folders = {path.rpartition("/")[0] for path in own if path is not None}
    if None in own:
        folders.add(rig.models.root)
    return [Mount(each, each) for each in sorted(folders)]


_MAKERS = {"llama.cpp": _llama_cpp, "custom": _custom}

__all__ = ["NATIVE", "NoImage", "NotLocked", "image_of", "pinned", "port_of", "service", "services", "unit_of"]

"""Rules over runtimes."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import IMAGE, UUID, Case, Parts, card, machine
from tests.unit.rules.cases_models import HASH

ARCHIVE = {"version": "b1", "url": "https://x.example/x.tar.gz", "sha256": HASH}
MODELS = {"wanted": {"m": {"path": "/srv/x.gguf", "sha256": HASH}, "t": {"path": "/srv/x.safetensors", "sha256": HASH}}}
UUIDS = [f"GPU-{number}0000000-0000-0000-0000-000000000000" for number in (1, 2)]
CARDS = machine(card("PCIE1", uuid=UUIDS[0]), card("PCIE5", uuid=UUIDS[1]), card("PCIE7"), watts=2000)


def llm(**keys: Any) -> Parts:
    return {"kind": "llama.cpp", "models": {"m": {}}, **keys}


def own(**keys: Any) -> Parts:
    return {"kind": "custom", "image": IMAGE, "port": 9000, **keys}


def one(models: Parts) -> Parts:
    return {"kind": "vllm", "models": models}


def page(**keys: Any) -> Parts:
    secrets = {name: {"env": "X"} for name in ("WEBUI_ADMIN_PASSWORD", "WEBUI_SECRET_KEY")}
    admin = {"WEBUI_ADMIN_EMAIL": "me@x.example"}
    return {"kind": "open-webui", "upstreams": ["y"], "env": admin, "secrets": secrets, **keys}


def runtimes(more: Parts | None = None, data: str | None = None, **services: Parts) -> Parts:
    return {
        "models": MODELS,
        "runtimes": {"services": services, **({"data": data} if data else {})},
        **(more or {}),
    }


def disk(mount: str) -> Parts:
    return {
        "base": {"disks": {"data": {"mount": mount, "uuid": UUID}}},
        "models": {**MODELS, "root": f"{mount}/models"},
    }


def on_disk(data: str) -> Parts:
    return {**runtimes(data=data, llm=llm()), **disk("/srv/data")}


RUNTIMES = [
    Case("runtimes.not-native", "runtimes.services.x.how", runtimes(x=own(how="native")), runtimes(x=own())),
    Case(
        "runtimes.no-archive",
        "runtimes.services.x.archive",
        runtimes(x=llm(how="native")),
        runtimes(x=llm(how="native", archive=ARCHIVE)),
    ),
    Case("runtimes.archive-unused", "runtimes.services.x.archive", runtimes(x=llm(archive=ARCHIVE)), runtimes(x=llm())),
    Case(
        "runtimes.no-engine",
        "runtimes.services.x.how",
        runtimes({"containers": {"state": "absent"}}, x=llm()),
        runtimes({"containers": {"state": "absent"}}, x=llm(how="native", archive=ARCHIVE)),
    ),
    Case(
        "runtimes.no-image",
        "runtimes.services.x.image",
        runtimes(x={"kind": "custom", "port": 9000}),
        runtimes(x=own()),
    ),
    Case(
        "runtimes.not-locked",
        "runtimes.services.x.image",
        runtimes(x=own(image="registry.example/own/image:2")),
        runtimes(x=own()),
    ),
    Case(
        "runtimes.no-such-model", "runtimes.services.x.models.n", runtimes(x=llm(models={"n": {}})), runtimes(x=llm())
    ),
    Case(
        "runtimes.one-model",
        "runtimes.services.x.models",
        runtimes(x=one({"m": {}, "t": {}})),
        runtimes(x=one({"m": {}})),
    ),
    Case(
        "runtimes.models-unused",
        "runtimes.services.x.models",
        runtimes(x={"kind": "comfyui", "models": {"m": {}}}),
        runtimes(x={"kind": "comfyui"}),
    ),
    Case(
        "runtimes.cache-type",
        "runtimes.services.x.models.m.cache_type",
        runtimes(x=one({"m": {"cache_type": "q4_0"}})),
        runtimes(x=one({"m": {"cache_type": "q8_0"}})),
    ),
    Case(
        "runtimes.variable-missing",
        "runtimes.services.x.secrets",
        runtimes(x=page(secrets={"WEBUI_SECRET_KEY": {"env": "X"}}), y=llm()),
        runtimes(x=page(), y=llm()),
    ),
    Case(
        "runtimes.variable-missing",
        "runtimes.services.x.env",
        runtimes(x=page(env={}), y=llm()),
        runtimes(x=page(), y=llm()),
        "none that is secret",
    ),
    Case(
        "runtimes.variable-missing",
        "runtimes.services.x.env",
        runtimes(x=page(env={"WEBUI_ADMIN_EMAIL": ""}), y=llm()),
        runtimes(x=page(), y=llm()),
        "an empty one",
    ),
    Case(
        "runtimes.no-upstreams",
        "runtimes.services.x.upstreams",
        runtimes(x=page(upstreams=[]), y=llm()),
        runtimes(x=page(), y=llm()),
    ),
    Case(
        "runtimes.config-unused",
        "runtimes.services.x.config",
        runtimes(x=llm(config={"ttl": 300})),
        runtimes(x=llm(kind="llama-swap", config={"globalTTL": 300})),
    ),
    Case(
        "runtimes.config-model",
        "runtimes.services.x.config.models.tiny",
        runtimes(x=llm(kind="llama-swap", config={"models": {"tiny": {"ttl": 300}}})),
        runtimes(x=llm(kind="llama-swap", config={"models": {"m": {"ttl": 300}, "tiny": {"cmd": "/app/x"}}})),
    ),
    Case(
        "runtimes.upstreams-unused",
        "runtimes.services.x.upstreams",
        runtimes(x=own(upstreams=["y"]), y=llm()),
        runtimes(x=own(), y=llm()),
    ),
    Case(
        "runtimes.no-such-upstream",
        "runtimes.services.x.upstreams.0",
        runtimes(x=page(upstreams=["z"]), y=llm()),
        runtimes(x=page(), y=llm()),
    ),
    Case(
        "runtimes.no-such-upstream",
        "runtimes.services.x.upstreams.0",
        runtimes(x=page(), y=llm(how="native", archive=ARCHIVE)),
        runtimes(x=page(), y=llm()),
        "a native one",
    ),
    Case("runtimes.no-models", "runtimes.services.x.models", runtimes(x=llm(models={})), runtimes(x=llm())),
    Case("runtimes.no-gguf", "runtimes.services.x.models.t", runtimes(x=llm(models={"t": {}})), runtimes(x=llm())),
    Case(
        "runtimes.no-such-card",
        "runtimes.services.x.gpus.0",
        runtimes(CARDS, x=llm(gpus=["PCIE2"])),
        runtimes(CARDS, x=llm(gpus=["PCIE1"])),
    ),
    Case(
        "runtimes.which-card",
        "runtimes.services.x.gpus.0",
        runtimes(CARDS, x=llm(gpus=["PCIE7"])),
        runtimes(CARDS, x=llm(gpus=["PCIE5", UUIDS[0]])),
    ),
    Case(
        "runtimes.no-port",
        "runtimes.services.x.port",
        runtimes(x={"kind": "custom", "image": IMAGE}),
        runtimes(x=own()),
    ),
    Case(
        "runtimes.port-twice",
        "runtimes.services.y.port",
        runtimes(x=llm(), y=llm()),
        runtimes(x=llm(), y=llm(port=8081)),
    ),
    Case(
        "runtimes.card-shared",
        "runtimes.services.y.gpus",
        runtimes(CARDS, x=llm(gpus=["PCIE1"], exclusive=True), y=llm(gpus=["PCIE1", "PCIE5"], port=8081)),
        runtimes(CARDS, x=llm(gpus=["PCIE1"], exclusive=True), y=llm(gpus=["PCIE5"], port=8081)),
    ),
    Case("runtimes.data-above-disk", "runtimes.data", on_disk("/srv"), on_disk("/srv/data/runtimes")),
    Case("runtimes.data-off-disk", "runtimes.data", on_disk("/srv/daat"), on_disk("/var/lib/runtimes")),
]

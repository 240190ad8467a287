"""What an entry of the tables of rules is, and the parts that entries are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rigwright.catalog import catalog
from rigwright.spec.locks import LockedFile, LockedModel, Locks, Reckoned
from rigwright.spec.ollama import MODEL

Parts = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One rule: the finding that is expected of ``wrong``; ``right`` has none."""

    finding: str
    key: str
    wrong: Parts
    right: Parts
    note: str = ""

    @property
    def id(self) -> str:
        return f"{self.finding}{f' ({self.note})' if self.note else ''}"


REFERENCE = {"board": "ASRock X99 WS-E", "cpu": "Xeon E5-2680 v4"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOWNKEYOfTheseTestsWhichNobodyHoldsTheOtherH me"
EXAMPLE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEReplaceThisWithYourOwnPublicKeyPleas me"
UUID = "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"


def card(slot: str = "PCIE1", model: str = "GeForce RTX 3090", **more: Any) -> Parts:
    """One card; fed by two 8-pin plugs of the supply `main`."""
    return {"model": model, "slot": slot, "cables": ["8-pin", "8-pin"], "supply": "main", **more}


def machine(*gpus: Parts, watts: int = 1300, psus: Parts | None = None, **more: Any) -> Parts:
    """Hardware with these cards and a supply."""
    return {"hardware": {"psus": psus or {"main": {"rated_w": watts}}, "gpus": list(gpus), **more}}


IMAGE = "registry.example/own/image:1"
_KNOWN = [kind.image for kind in catalog().runtimes.values() if kind.image is not None]
_FILE = LockedFile(name="m.gguf", size=1, digest=f"sha256:{'0' * 64}")
_DENSE = {"format": "gguf", "weights_bytes": 30 * 2**30, "kv_heads": [8] * 64, "key_length": 128, "value_length": 128}


def _locked(**more: Any) -> LockedModel:
    return LockedModel(commit="c" * 40, files=[_FILE], **more)


_LAYERED = LockedModel(
    files=[LockedFile(name="sha256-0", size=1, digest=f"sha256:{'0' * 64}", media_type=MODEL)],
    reckoned=Reckoned.model_validate({**_DENSE, "context_length": 65536}),
)
LOCKS = Locks(
    images=dict.fromkeys((IMAGE, *_KNOWN), f"sha256:{'0' * 64}"),
    models={
        "hub owner/dense main m.gguf": _locked(reckoned=Reckoned.model_validate({**_DENSE, "context_length": 65536})),
        "hub owner/narrow main m.gguf": _locked(reckoned=Reckoned.model_validate({**_DENSE, "key_length": 80})),
        **{f"ollama library/dense:{tag}": _LAYERED for tag in ("latest", "other")},
        "ollama library/long:latest": _LAYERED.model_copy(update={"own_context": 16384}),
        "ollama owner/empty:q4": LockedModel(files=[_FILE]),
        "hub owner/odd main m.gguf": _locked(not_reckoned="there is no config.json among its files"),
    },
)
"""What the projects of these declarations have locked."""


def p40(**driver: Any) -> Parts:
    return {**machine(card(model="Tesla P40", cables=["EPS"])), "driver": {"branch": 580, **driver}}


def rtx5090(**driver: Any) -> Parts:
    return {**machine(card(model="GeForce RTX 5090", cables=["12V-2x6"]), watts=1600), "driver": driver}

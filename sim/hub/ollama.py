"""A stand-in for the Ollama registry, as plain files below one address: manifests by tag, and blobs by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sim.hub import shelf

REPOSITORY = "library/tiny-llama"
TAGS: Mapping[str, str] = {"latest": "tiny-f16.gguf", "q8_0": "tiny-q8_0.gguf"}
"""Tag → the file whose bytes are its model. All other layers they have in common."""
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.ollama.image"
_TEMPLATE = b"{{ .System }} {{ .Prompt }}"
_LICENCE = b"Made by a program, of random numbers: whoever wants them may have them.\n"
_PARAMETERS = {"stop": ["</s>"], "temperature": 0.7}


@cache
def manifest(tag: str) -> bytes:
    """What the tag stands for."""
    layers = {"model": shelf.contents()[TAGS[tag]], **_shared()}
    document = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _described(_CONFIG, _config(tag)),
        "layers": [_described(f"{_LAYER}.{kind}", data) for kind, data in layers.items()],
    }
    return json.dumps(document, separators=(",", ":")).encode()


@cache
def blobs(tag: str) -> dict[str, bytes]:
    """All that its manifest names: digest → bytes."""
    found = (_config(tag), shelf.contents()[TAGS[tag]], *_shared().values())
    return {_digest(data): data for data in found}


def publish(folder: Path) -> None:
    """Write them under ``folder``, which is then served as the registry."""
    repository = folder / "v2" / REPOSITORY
    for name in ("manifests", "blobs"):
        (repository / name).mkdir(parents=True)
    for tag in TAGS:
        (repository / "manifests" / tag).write_bytes(manifest(tag))
        for digest, data in blobs(tag).items():
            (repository / "blobs" / digest).write_bytes(data)


def _shared() -> dict[str, bytes]:
    return {"template": _TEMPLATE, "license": _LICENCE, "params": json.dumps(_PARAMETERS).encode()}


def _config(tag: str) -> bytes:
    about = {
        "model_format": "gguf",
        "model_family": "llama",
        "file_type": TAGS[tag].split("-")[1].split(".")[0].upper(),
    }
    return json.dumps({**about, "architecture": "amd64", "os": "linux"}).encode()


def _described(kind: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

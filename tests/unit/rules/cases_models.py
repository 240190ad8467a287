"""Rules over models."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import UUID, Case, Parts

HASH = "0" * 64
FILE = {"path": "/srv/x.gguf", "sha256": HASH}


def model(root: str | None = None, **keys: Any) -> Parts:
    return {"models": {**({"root": root} if root else {}), "wanted": {"m": keys or FILE}}}


def on_disk(parts: Parts, mount: str = "/srv/data") -> Parts:
    return {**parts, "base": {"disks": {"data": {"mount": mount, "uuid": UUID}}}}


MODELS = [
    Case("models.not-locked", "models.wanted.m", model(hub="owner/name"), model()),
    Case("models.not-locked", "models.wanted.m", model(url="https://x.example/x.gguf", sha256=HASH), model(), "a url"),
    Case("models.not-locked", "models.wanted.m", model(ollama="dense:7b"), model(ollama="dense"), "a tag"),
    Case("models.unpinned", "models.wanted.m.sha256", model(path="/srv/x.gguf"), model()),
    Case("models.hash-of-hub", "models.wanted.m.sha256", model(hub="owner/name", sha256=HASH), model()),
    Case(
        "models.hash-of-hub",
        "models.wanted.m.sha256",
        model(ollama="dense", sha256=HASH),
        model(ollama="dense"),
        "a tag",
    ),
    Case("models.revision-unused", "models.wanted.m.revision", model(**FILE, revision="v2"), model()),
    Case(
        "models.revision-unused",
        "models.wanted.m.revision",
        model(ollama="dense", revision="other"),
        model(ollama="library/dense:other"),
        "a tag",
    ),
    Case("models.files-unused", "models.wanted.m.files", model(**FILE, files=["x.gguf"]), model()),
    Case("models.file-outside", "models.wanted.m.files.0", model(hub="owner/name", files=["../x"]), model()),
    Case(
        "models.root-above-disk",
        "models.root",
        on_disk(model("/srv", **FILE)),
        on_disk(model("/srv/data/models", **FILE)),
    ),
    Case(
        "models.root-off-disk",
        "models.root",
        on_disk(model("/srv/daat/models", **FILE)),
        on_disk(model("/var/lib/models", **FILE)),
    ),
]

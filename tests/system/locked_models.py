"""models.lock for the stand-ins' models: what `rig models lock` writes of them, and of what there is none of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from rigwright.spec.locks import LockedFile, LockedModel, write_models
from rigwright.spec.models import WantedModel
from rigwright.spec.ollama import MANIFEST
from sim.hub import ollama, shelf

ELSEWHERE = {"url": "http://10.0.0.9/elsewhere.gguf", "sha256": "e" * 64}


def source(**keys: object) -> str:
    """What the lock knows a declaration by."""
    return WantedModel.model_validate(keys).source


def tiny(quantization: str = "f16", **keys: object) -> dict[str, object]:
    """The declaration of a tiny model."""
    return {"hub": shelf.REPOSITORY, "files": [f"tiny-{quantization}.gguf"], **keys}


def whisper() -> dict[str, object]:
    """The declaration of a tiny model that hears."""
    return {"hub": shelf.WHISPER, "files": [shelf.WHISPER_FILE]}


def locked(*names: str, commit: str | None = None, repository: str = shelf.REPOSITORY) -> LockedModel:
    """These files of the stand-in Hub."""
    found = shelf.contents(repository)
    files = [
        LockedFile(name=name, size=len(found[name]), digest=f"sha256:{hashlib.sha256(found[name]).hexdigest()}")
        for name in names
    ]
    return LockedModel(commit=commit or shelf.commit(repository), files=files)


def locked_ollama(tag: str) -> LockedModel:
    """A model of the stand-in for the Ollama registry."""
    text = ollama.manifest(tag).decode()
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    manifest = LockedFile(name="manifest", size=len(text), digest=digest, media_type=MANIFEST, text=text)
    told = {each["digest"]: each for each in (json.loads(text)["config"], *json.loads(text)["layers"])}
    blobs = [
        LockedFile(name=each.replace(":", "-"), size=len(data), digest=each, media_type=told[each]["mediaType"])
        for each, data in ollama.blobs(tag).items()
    ]
    return LockedModel(files=[manifest, *blobs])


def model_path(root: str) -> str:
    """Where a tiny model's file has its name."""
    repository = f"models--{shelf.REPOSITORY.replace('/', '--')}"
    return f"{root}/hub/{repository}/snapshots/{shelf.commit()}/tiny-f16.gguf"


def write_lock(project: Path) -> None:
    """Every model that the tests declare."""
    nowhere = LockedFile(name="elsewhere.gguf", size=1000, digest=f"sha256:{ELSEWHERE['sha256']}")
    write_models(
        project,
        {
            **{source(**tiny(each)): locked(f"tiny-{each}.gguf") for each in ("f16", "q8_0")},
            source(**whisper()): locked(shelf.WHISPER_FILE, repository=shelf.WHISPER),
            source(**tiny(hub="rigwright-sim/other")): locked("tiny-f16.gguf"),
            source(**tiny(revision="v2")): locked("tiny-f16.gguf", commit="d" * 40),
            **{source(ollama=f"tiny-llama:{tag}"): locked_ollama(tag) for tag in ollama.TAGS},
            source(**ELSEWHERE): LockedModel(files=[nowhere]),
        },
    )

"""Where models lie on the host, and what has to be pulled, of a declaration and its lock."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rigwright.spec.locks import LockedModel
from rigwright.spec.models import WantedModel
from rigwright.spec.ollama import HOST, OllamaName
from rigwright.spec.rig import Rig

HUB = "hub"
"""The folder under models.root that is a Hugging Face cache: HF_HUB_CACHE for runtimes."""
OLLAMA = "ollama"
"""The folder under models.root that is a store of Ollama's: OLLAMA_MODELS for runtimes."""
OLLAMA_FOLDERS = (OLLAMA, f"{OLLAMA}/blobs", f"{OLLAMA}/manifests", f"{OLLAMA}/manifests-v2")
"""What Ollama makes there for itself, and fails where it can neither find nor make it."""
FILES = "files"
"""The folder for what comes from elsewhere: one folder a model."""


class NotLocked(LookupError):
    """A model has no entry in models.lock, which a sound declaration has."""


class NoFolder(LookupError):
    """A model's files have no names in a folder of their own, and whoever asks for one can do nothing with it."""


@dataclass(frozen=True)
class Placed:
    """One file of a model, by absolute paths.

    ``content``: where its bytes lie; ``link``: the name that leads there, by which it is used; None: it is used where
    it lies. ``size``: bytes, None where only the owner knows; ``digest``: kind and hex digits; ``text``: all that is in
    it, where it is not pulled but written, after the rest of its model; ``media_type``: what an Ollama registry says
    that it is.
    """

    model: str
    content: str
    link: str | None
    url: str | None
    size: int | None
    digest: str
    text: str | None = None
    media_type: str | None = None

    @property
    def used(self) -> str:
        """The path by which runtimes open it."""
        return self.link or self.content


def locked(rig: Rig, name: str) -> LockedModel:
    """What the lock says of a model. Raises `NotLocked`."""
    source = rig.models.wanted[name].source
    found = rig.locks.models.get(source)
    if found is None:
        raise NotLocked(f"models.wanted.{name} is not in models.lock: {source}")
    return found


def needs_lock(model: WantedModel) -> bool:
    """Whether it is pulled, and so pinned first."""
    return model.path is None


def placed(rig: Rig) -> list[Placed]:
    """Every file of every model, in the order of the declaration. Raises `NotLocked`."""
    return [each for name in rig.models.wanted for each in of(rig, name)]


def of(rig: Rig, name: str) -> list[Placed]:
    """The files of one model. Raises `NotLocked`."""
    model = rig.models.wanted[name]
    if model.path is not None:
        return [Placed(name, model.path, None, None, None, f"sha256:{model.sha256}")]
    found = locked(rig, name)
    if model.url is not None:
        (file,) = found.files
        content = posixpath.join(rig.models.root, FILES, name, file.name)
        return [Placed(name, content, None, model.url, file.size, file.digest)]
    if model.ollama is not None:
        return list(_of_ollama(rig, name, OllamaName.of(model.ollama), found))
    return list(_of_hub(rig, name, model, found))


def _of_ollama(rig: Rig, name: str, known_as: OllamaName, found: LockedModel) -> Iterator[Placed]:
    """Where Ollama itself puts them. Models that have a blob in common have it once."""
    store = ollama_store(rig)
    for file in found.files:
        manifest = f"manifests/{HOST}/{known_as.repository}/{known_as.tag}"
        blob = f"{rig.models.ollama_registry}/v2/{known_as.repository}/blobs/{file.digest}"
        yield Placed(
            model=name,
            content=f"{store}/{manifest if file.text is not None else f'blobs/{file.name}'}",
            link=None,
            url=blob if file.text is None else None,
            size=file.size,
            digest=file.digest,
            text=file.text,
            media_type=file.media_type,
        )


def ollama_store(rig: Rig) -> str:
    """The folder in which Ollama finds them."""
    return posixpath.join(rig.models.root, OLLAMA)


def has_ollama(rig: Rig) -> bool:
    """Whether a model comes from the Ollama registry: then that folder is not Ollama's own any more."""
    return any(model.ollama is not None for model in rig.models.wanted.values())


def _of_hub(rig: Rig, name: str, model: WantedModel, found: LockedModel) -> Iterator[Placed]:
    assert model.hub is not None and found.commit is not None
    repository = _repository(rig, model)
    for file in found.files:
        yield Placed(
            model=name,
            content=f"{repository}/blobs/{file.digest.partition(':')[2]}",
            link=f"{repository}/snapshots/{found.commit}/{file.name}",
            url=f"{rig.models.endpoint}/{model.hub}/resolve/{found.commit}/{quote(file.name)}",
            size=file.size,
            digest=file.digest,
        )


def refs(rig: Rig) -> dict[str, str]:
    """The Hub's notes of what a branch or a tag meant: file → commit. Raises `NotLocked`."""
    noted = {}
    for name, model in rig.models.wanted.items():
        commit = locked(rig, name).commit if model.hub is not None else None
        if commit is not None and model.revision != commit:
            noted[f"{_repository(rig, model)}/refs/{model.revision}"] = commit
    return noted


def folder(rig: Rig, name: str) -> str:
    """The folder in which a model's files have their names. Raises `NotLocked` and `NoFolder`."""
    model = rig.models.wanted[name]
    if model.ollama is not None:
        raise NoFolder(f"models.wanted.{name} comes from the Ollama registry, whose files are known by their hashes")
    if model.path is not None:
        return posixpath.dirname(model.path)
    if model.url is not None:
        return posixpath.join(rig.models.root, FILES, name)
    return f"{_repository(rig, model)}/snapshots/{locked(rig, name).commit}"


def plan(rig: Rig) -> dict[str, Any]:
    """What fetch is told (fetch/plan.py); it names nothing secret. Raises `NotLocked`."""
    root = rig.models.root
    return {
        "version": 1,
        "root": root,
        "parallel": rig.models.parallel,
        "keep_free_bytes": rig.models.keep_free_gb * 10**9,
        "files": [
            {
                "model": each.model,
                "content": each.content,
                "link": each.link,
                "url": each.url,
                "size": each.size,
                "digest": each.digest,
                "text": each.text,
            }
            for each in placed(rig)
        ],
        "refs": refs(rig),
    }


def _repository(rig: Rig, model: WantedModel) -> str:
    """As huggingface_hub's `repo_folder_name` has it."""
    return posixpath.join(rig.models.root, HUB, f"models--{(model.hub or '').replace('/', '--')}")

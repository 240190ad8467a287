"""What a tag of the Ollama registry stands for: its manifest, its blobs by hash, and what the model says of memory.

The registry speaks Docker's protocol, version 2, to everybody, and sends blobs by way of another server.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx2
from pydantic import ValidationError

from rigwright.locking.asking import CannotLock, reading, said
from rigwright.locking.reckoning import of_ggufs
from rigwright.metadata.attention import NotTold
from rigwright.metadata.gguf import MOST_BYTES, NotGguf
from rigwright.spec.locks import LockedFile, LockedModel
from rigwright.spec.ollama import MANIFEST, MODEL, PARAMETERS, OllamaName

_MOST_MANIFEST_BYTES = 2**20
_MOST_PARAMETERS_BYTES = 2**20


def lock(name: OllamaName, registry: str) -> LockedModel:
    """Ask for one model. ``registry``: the address of Ollama's or of a mirror. Raises `CannotLock`.

    Of the blobs themselves a few MB are read: the header of the GGUF, and the parameters.
    """
    try:
        text = _manifest(name, registry)
        files = [_manifest_file(text), *_blobs(text)]
        own_context = _own_context(name, registry, files)
        return LockedModel(files=files, own_context=own_context, **_reckoned(name, registry, files))
    except httpx2.HTTPStatusError as error:
        if error.response.status_code == httpx2.codes.NOT_FOUND:
            raise CannotLock(f"{registry} has no {name.whole}") from error
        raise CannotLock(f"{registry}: {name.whole}: {said(error)}") from error
    except (httpx2.HTTPError, OSError) as error:
        raise CannotLock(f"{registry}: {name.whole}: {said(error)}") from error
    except (ValueError, TypeError, KeyError) as error:
        why = _first(error) if isinstance(error, ValidationError) else said(error)
        raise CannotLock(f"{registry}: {name.whole}: what it says is no manifest of a model: {why}") from error


def _manifest(name: OllamaName, registry: str) -> str:
    url = f"{registry}/v2/{name.repository}/manifests/{name.tag}"
    with reading(url, {"accept": MANIFEST, "accept-encoding": "identity"}) as source:
        data = source.read(_MOST_MANIFEST_BYTES + 1)
    if len(data) > _MOST_MANIFEST_BYTES:
        raise ValueError(f"it is longer than {_MOST_MANIFEST_BYTES} bytes")
    return data.decode("utf-8")


def _manifest_file(text: str) -> LockedFile:
    data = text.encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return LockedFile(name="manifest", size=len(data), digest=digest, media_type=MANIFEST, text=text)


def _blobs(text: str) -> list[LockedFile]:
    """Those that a manifest names, each once. Raises ValueError, TypeError and KeyError where it is none."""
    document: dict[str, Any] = json.loads(text)
    kind = document.get("mediaType", MANIFEST)
    if kind != MANIFEST:
        raise ValueError(f"it is of type {kind!r}, expected {MANIFEST!r}")
    found = {each["digest"]: each for each in (document["config"], *document["layers"])}
    return [_blob(digest, each) for digest, each in found.items()]


def _blob(digest: str, told: dict[str, Any]) -> LockedFile:
    if not digest.startswith("sha256:"):
        raise ValueError(f"it names a blob by {digest!r}, expected its SHA-256")
    return LockedFile(name=digest.replace(":", "-"), size=told["size"], digest=digest, media_type=told["mediaType"])


def _reckoned(name: OllamaName, registry: str, files: list[LockedFile]) -> dict[str, Any]:
    """The lock's ``reckoned``, or ``not_reckoned``: why there is none."""
    models = [each for each in files if each.media_type == MODEL]
    if len(models) != 1:
        return {"not_reckoned": f"it has {len(models)} layers with a model, expected one with a GGUF"}
    (model,) = models
    head = {"range": f"bytes=0-{max(1, min(model.size, MOST_BYTES)) - 1}", "accept-encoding": "identity"}
    try:
        return {"reckoned": of_ggufs([reading(_address(name, registry, model), head)])}
    except (NotTold, NotGguf) as error:
        return {"not_reckoned": said(error)}


def _own_context(name: OllamaName, registry: str, files: list[LockedFile]) -> int | None:
    """What its parameters set, which Ollama takes before what it is told itself; None: nothing."""
    for each in files:
        if each.media_type != PARAMETERS:
            continue
        with reading(_address(name, registry, each), {"accept-encoding": "identity"}) as source:
            data = source.read(_MOST_PARAMETERS_BYTES)
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != each.digest:
            raise ValueError("its parameters are not what their hash says")
        found = json.loads(data).get("num_ctx")
        if found is not None:
            return int(found)
    return None


def _address(name: OllamaName, registry: str, file: LockedFile) -> str:
    return f"{registry}/v2/{name.repository}/blobs/{file.digest}"


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"

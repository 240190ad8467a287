"""What a model is now: its commit, its files with sizes and hashes, and what its own metadata says of memory."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import Any

import httpx2
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import hf_raise_for_status

from rigwright.locking.asking import TIMEOUT_S, CannotLock, reading, said
from rigwright.locking.reckoning import of_ggufs, reckoned
from rigwright.metadata import gguf, safetensors
from rigwright.metadata.attention import NotTold
from rigwright.spec.locks import LockedFile, LockedModel, Reckoned
from rigwright.spec.models import WantedModel


def lock(model: WantedModel, endpoint: str, token: str | None) -> LockedModel:
    """Ask for one model of the Hub, or of an address. ``endpoint``: the Hub or a mirror. Raises `CannotLock`.

    Of the files themselves a few MB are read: the header of a GGUF, or config.json.
    """
    try:
        if model.url is not None:
            return _of_url(model)
        return _of_hub(model, endpoint, token)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise CannotLock(f"{model.url or f'{endpoint}/{model.hub}'}: {said(error)}") from error


def _of_hub(model: WantedModel, endpoint: str, token: str | None) -> LockedModel:
    assert model.hub is not None
    api = HfApi(endpoint=endpoint, token=token or False)
    found = api.model_info(model.hub, revision=model.revision, files_metadata=True, timeout=TIMEOUT_S)
    there = {each.rfilename: each for each in found.siblings or ()}
    files = [_locked_file(there[name]) for name in _chosen(model, list(there))]
    commit = found.sha
    assert commit is not None

    def address(name: str) -> str:
        return hf_hub_url(model.hub or "", name, revision=commit, endpoint=endpoint)

    headers = build_hf_headers(token=token or False)
    sizes = {each.name: each.size for each in files}
    return LockedModel(commit=commit, files=files, **_reckoned(sizes, address, headers))


def _of_url(model: WantedModel) -> LockedModel:
    assert model.url is not None
    with httpx2.stream("GET", model.url, follow_redirects=True, timeout=TIMEOUT_S) as response:
        hf_raise_for_status(response)
        told = response.headers.get("content-length")
    if told is None:
        raise CannotLock(f"{model.url}: the server does not say how large it is (no Content-Length)")
    name = model.url.rpartition("/")[2]
    file = LockedFile(name=name, size=int(told), digest=f"sha256:{model.sha256}")
    return LockedModel(files=[file], **_reckoned({name: file.size}, lambda _: model.url or "", {}))


def _chosen(model: WantedModel, there: list[str]) -> list[str]:
    """The repository's files that are declared, in order. Raises `CannotLock` for a pattern that meets none."""
    if not model.files:
        return sorted(there)
    chosen: set[str] = set()
    for pattern in model.files:
        met = {name for name in there if fnmatch(name, pattern)}
        if not met:
            raise CannotLock(
                f"{model.hub} at {model.revision} has no file {pattern!r}; it has {', '.join(sorted(there)[:20])}"
            )
        chosen |= met
    return sorted(chosen)


def _locked_file(found: RepoSibling) -> LockedFile:
    digest = f"sha256:{found.lfs.sha256}" if found.lfs is not None else f"git:{found.blob_id}"
    if found.size is None or (found.lfs is None and found.blob_id is None):
        raise CannotLock(f"{found.rfilename}: models.endpoint does not tell its size or its hash")
    return LockedFile(name=found.rfilename, size=found.size, digest=digest)


def _reckoned(sizes: dict[str, int], address: Any, headers: dict[str, str]) -> dict[str, Any]:
    """The lock's ``reckoned``, or ``not_reckoned``: why there is none."""
    try:
        ggufs = gguf.main_files(sizes)
        if ggufs:
            return {"reckoned": of_ggufs(reading(address(name), headers) for name in ggufs)}
        if any(name.endswith(".safetensors") for name in sizes):
            return {"reckoned": _of_safetensors(sizes, address, headers)}
    except (NotTold, gguf.NotGguf, ValueError) as error:
        return {"not_reckoned": said(error)}
    return {"not_reckoned": "neither a GGUF nor safetensors with a config.json"}


def _of_safetensors(sizes: dict[str, int], address: Any, headers: dict[str, str]) -> Reckoned:
    if "config.json" not in sizes:
        raise NotTold("there is no config.json among its files")
    with reading(address("config.json"), headers) as source:
        config = json.loads(source.read(sizes["config.json"]))
    weights = sum(size for name, size in sizes.items() if name.endswith(".safetensors"))
    return reckoned("safetensors", weights, safetensors.of_config(config))

"""What an image's tag means now: the digest that its registry says."""

from __future__ import annotations

import requests
from dxf import DXF, DXFBase
from dxf.exceptions import DXFError

TIMEOUT_S = 30
_HUB = {"docker.io": "registry-1.docker.io"}
"""Registries that answer under another name than the one in their images'."""


class CannotLock(Exception):
    """The registry did not say; the text says why."""


def digest_of(image: str) -> str:
    """The digest of an image with its tag, of all platforms together, as everybody may read it. Raises `CannotLock`."""
    repository, _, tag = image.rpartition(":")
    registry, _, name = repository.partition("/")
    client = DXF(_HUB.get(registry, registry), name, auth=_as_anybody, timeout=TIMEOUT_S)
    try:
        found, _ = client.head_manifest_and_response(tag)
    except (DXFError, requests.RequestException, KeyError, ValueError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise CannotLock(f"{image}: {said}") from error
    if not found:
        raise CannotLock(f"{image}: {registry} does not say its digest")
    return found


def _as_anybody(client: DXFBase, response: requests.Response) -> None:
    client.authenticate(response=response)

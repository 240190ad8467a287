"""What the Hub's client asks for, as plain files below one address: any file server can be the Hub."""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sim.hub import tiny

REPOSITORY = "rigwright-sim/tiny-llama-GGUF"
CARD = "# A tiny llama with random weights\n\nIt loads and answers; what it says means nothing.\n"


@cache
def contents() -> dict[str, bytes]:
    """The repository's files."""
    found = {"README.md": CARD.encode()}
    with tempfile.TemporaryDirectory() as folder:
        for quantization in tiny.TYPES:
            path = Path(folder) / f"tiny-{quantization}.gguf"
            tiny.write(path, quantization)
            found[path.name] = path.read_bytes()
    return found


@cache
def commit() -> str:
    """What stands for the repository's commit: of the same contents the same one."""
    whole = hashlib.sha1(usedforsecurity=False)
    for name, data in sorted(contents().items()):
        whole.update(name.encode() + b"\0" + data)
    return whole.hexdigest()


def publish(folder: Path) -> None:
    """Write them under ``folder``, which is then served as the endpoint."""
    for name, data in contents().items():
        for revision in (commit(), "main"):
            path = folder / REPOSITORY / "resolve" / revision / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for revision in (commit(), "main"):
        about = folder / "api/models" / REPOSITORY / "revision" / revision
        about.parent.mkdir(parents=True, exist_ok=True)
        about.write_text(json.dumps(_about()), encoding="utf-8")


def _about() -> dict[str, Any]:
    return {
        "id": REPOSITORY,
        "modelId": REPOSITORY,
        "sha": commit(),
        "private": False,
        "siblings": [_sibling(name, data) for name, data in sorted(contents().items())],
    }


def _sibling(name: str, data: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    found: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": blob}
    if name.endswith(".gguf"):
        found["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return found

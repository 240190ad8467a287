"""What the Hub's client asks for, as plain files below one address: any file server can be the Hub."""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sim.hub import tiny, tiny_whisper

REPOSITORY = "rigwright-sim/tiny-llama-GGUF"
WHISPER, WHISPER_FILE = "rigwright-sim/tiny-whisper", "ggml-tiny.bin"
CARDS = {
    REPOSITORY: "# A tiny llama with random weights\n\nIt loads and answers; what it says means nothing.\n",
    WHISPER: "# A tiny whisper\n\nWhatever it hears, it writes down the same.\n",
}
"""Repository → its README.md."""


@cache
def contents(repository: str = REPOSITORY) -> dict[str, bytes]:
    """A repository's files."""
    with tempfile.TemporaryDirectory() as folder:
        if repository == WHISPER:
            tiny_whisper.write(Path(folder) / WHISPER_FILE)
        else:
            for quantization in tiny.TYPES:
                tiny.write(Path(folder) / f"tiny-{quantization}.gguf", quantization)
        models = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    return {"README.md": CARDS[repository].encode(), **models}


@cache
def commit(repository: str = REPOSITORY) -> str:
    """What stands for the repository's commit: of the same contents the same one."""
    whole = hashlib.sha1(usedforsecurity=False)
    for name, data in sorted(contents(repository).items()):
        whole.update(name.encode() + b"\0" + data)
    return whole.hexdigest()


def publish(folder: Path) -> None:
    """Write all of them under ``folder``, which is then served as the endpoint."""
    for repository in CARDS:
        _publish(folder, repository)


def _publish(folder: Path, repository: str) -> None:
    for revision in (commit(repository), "main"):
        for name, data in contents(repository).items():
            path = folder / repository / "resolve" / revision / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        about = folder / "api/models" / repository / "revision" / revision
        about.parent.mkdir(parents=True, exist_ok=True)
        about.write_text(json.dumps(_about(repository)), encoding="utf-8")


def _about(repository: str) -> dict[str, Any]:
    return {
        "id": repository,
        "modelId": repository,
        "sha": commit(repository),
        "private": False,
        "siblings": [_sibling(name, data) for name, data in sorted(contents(repository).items())],
    }


def _sibling(name: str, data: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    found: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": blob}
    if name.endswith((".gguf", ".bin")):
        found["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return found

"""A plan for files on a shelf, and the program that carries it out, as on a host: packed, alone, as a process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.unit.fetch.shelf import Shelf


def entry(shelf: Shelf, name: str, **more: Any) -> dict[str, Any]:
    """One file of a plan, as from an address; ``more``: what is otherwise."""
    data = shelf.files[name]
    return {
        "model": name.partition(".")[0],
        "content": f"files/{name}",
        "link": None,
        "url": shelf.url(name),
        "size": len(data),
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "text": None,
        **more,
    }


def plan(root: Path, *files: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": 1, "root": str(root), "parallel": 2, "keep_free_bytes": 0, "files": list(files), "refs": {}, **more,
    }  # fmt: skip


def start(program: Path, what: str = "pull") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(program), what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(
    program: Path, document: dict[str, Any], what: str = "pull", tokens: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    process = start(program, what)
    out, err = process.communicate(json.dumps({"plan": document, "tokens": tokens or {}}), timeout=120)
    return subprocess.CompletedProcess(what, process.returncode, out, err)

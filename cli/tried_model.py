"""A model that answers on a host that is tried: tiny, from a stand-in for the Hub, by the real llama.cpp."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rigwright.spec.rig import Rig
    from sim.repository.vendors import VendorRepositories

MODEL, RUNTIME, CLIENT = "tiny", "llm", "me"
PORT = 8443
BACKUP_FOLDER = "/srv/backup/tried"
KEY_FILE = "api-key"
IMAGE = "ghcr.io/ggml-org/llama.cpp:server-cuda13"
QUESTION = "Are you there?"


def changes(rig: Rig, vendors: VendorRepositories, release: str, key_file: Path) -> dict[str, Any]:
    """What is declared instead of the inventory's models, runtimes and gateway, and of where its backups go."""
    from sim.hub import shelf  # noqa: PLC0415  # only when something is tried

    runtime: dict[str, Any] = {"kind": "llama.cpp", "models": {MODEL: {"context_tokens": 2048}}, "args": {"threads": 2}}
    if release == "bookworm":  # whose Docker is too old for it
        runtime |= {"how": "native", "archive": vendors.llama_cpp()}
    return {
        "models": {
            "endpoint": vendors.hub_url,
            "keep_free_gb": 1,
            "wanted": _instead(rig.models.wanted, MODEL, {"hub": shelf.REPOSITORY, "files": ["tiny-f16.gguf"]}),
        },
        "runtimes": {"services": _instead(rig.runtimes.services, RUNTIME, runtime)},
        "gateway": {
            "port": PORT,
            "names": [],
            "default": RUNTIME,
            "tls": {"source": "internal", "email": None, "directory": None, "certificate": None, "key_file": None},
            "routes": _instead(rig.gateway.routes, RUNTIME, {}),
            "clients": _instead(rig.gateway.clients, CLIENT, {"api_key": _from_file(key_file), "routes": []}),
        },
        **(_backup(rig, key_file) if rig.backup.repository is not None else {}),
    }


def _backup(rig: Rig, password_file: Path) -> dict[str, Any]:
    """The declared one, but to a folder of the host that is tried: the owner's repository is not for its state."""
    return {
        "backup": {
            "repository": BACKUP_FOLDER,
            "password": _from_file(password_file),
            "environment": dict.fromkeys(rig.backup.environment),
            "sftp": None,
            "before": [],
            "on_failure": [],
        }
    }


def _from_file(path: Path) -> dict[str, str | None]:
    """Where a secret is read from, whatever the inventory says: entries are merged key by key."""
    return {"file": str(path), "env": None, "command": None}


def _instead(declared: Any, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """One entry, and none of the declared ones."""
    return {**dict.fromkeys(declared), name: entry}


def prepare(project: Path, vendors: VendorRepositories) -> None:
    """Give the project a key for its client, and its lock files."""
    from rigwright.spec.locks import write_images  # noqa: PLC0415

    key = project / KEY_FILE
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(24))
    write_images(project, vendors.images())
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "models", "lock"], cwd=project, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise click.ClickException(f"rig models lock: {(done.stderr or done.stdout).strip()}")

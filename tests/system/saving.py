"""A throw-away host with something to lose: a runtime, its database in use, a gateway, notes of the owner's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import LLAMA
from tests.system.door import PORT, Door
from tests.system.locked_models import model_path, tiny
from tests.system.site import Site

LAYERS = ("--layer", "base,access,containers,models,runtimes,gateway,backup")
KEY = "sk-owner-0123456789abcdefghij"
PASSWORD = "correct-horse-battery-staple"
WRONG = "another-horse-battery-staple"
REST_PASSWORD = "door-0123456789"
S3_KEY = "not-used-by-a-folder-0123456789"
REPOSITORY = "/srv/backup/rig"
DATA = "/var/lib/rigwright/runtimes/page/data"
DATABASE = f"{DATA}/webui.db"
UNIT, TIMER = "rigwright-backup.service", "rigwright-backup.timer"
PROGRAM = "python3 -I /opt/rigwright/save.pyz"

WRITER = f"""
import os, sqlite3, time
os.umask(0o077)
base = sqlite3.connect({DATABASE!r}, isolation_level=None)
base.execute("pragma journal_mode = wal")
base.execute("pragma wal_autocheckpoint = 0")
base.execute("create table if not exists talk (number integer primary key, text)")
base.executemany("insert or ignore into talk values (?, ?)", [(n, "word " * 20) for n in range(5000)])
time.sleep(3600)
"""
DUMP = f"""
import hashlib, sqlite3
lines = "\\n".join(sqlite3.connect("file:{DATABASE}?mode=ro", uri=True).iterdump())
print(hashlib.sha256(lines.encode()).hexdigest())
"""


@dataclass(frozen=True)
class Server:
    """The host, its project, and where its secrets are read from."""

    host: ThrowawayHost
    project: Site
    keys: Path

    def secret(self, name: str, value: str) -> None:
        """Have a secret be this one."""
        (self.keys / name).write_text(value)
        (self.keys / name).chmod(0o600)

    def snapshots(self) -> list[dict[str, Any]]:
        """As `rig backup list` has them."""
        (host,) = self.project.document("backup", "list")["hosts"]
        found: list[dict[str, Any]] = host["snapshots"]
        return found

    def python(self, source: str) -> str:
        """What a Python program prints on the host."""
        return self.host.run("python3 -", input=source).stdout.strip()

    def short(self, *more: str) -> set[str]:
        """The tests of the layer that fall short."""
        proof = self.project.document("verify", "--layer", "backup", *more)
        return {each["test"] for each in proof["hosts"][0]["answers"] if each["answer"] == "falls short"}

    def status(self) -> int:
        """What the runtime answers through the gateway, by the authority as it is now."""
        return Door(self.host, self.project).status("/page/health", KEY)


def declared(vendors: VendorRepositories, keys: Path, address: str, owner: str) -> dict[str, Any]:
    return {
        "access": {"users": {"keeper": {"keys": [owner]}}},
        "driver": {"source": "none"},
        "containers": {"toolkit": {"state": "absent"}},
        "models": {"endpoint": vendors.hub_url, "keep_free_gb": 1, "wanted": {"tiny": tiny()}},
        "runtimes": {
            "services": {
                "page": {
                    "kind": "custom",
                    "image": LLAMA,
                    "models": {"tiny": {}},
                    "command": ["--host", "0.0.0.0", "--port", "8090", "--no-webui"],
                    "args": {"model": model_path("/srv/models"), "threads": 1},
                    "listens": 8090,
                    "port": 8091,
                    "health": "/health",
                }
            }
        },
        "gateway": {
            "routes": {"page": {"paths": ["/health"]}},
            "names": ["basement", address],
            "port": PORT,
            "clients": {"me": {"api_key": {"file": str(keys / "me")}}},
        },
        "backup": {
            "repository": REPOSITORY,
            "password": {"file": str(keys / "password")},
            "environment": {"AWS_SECRET_ACCESS_KEY": {"file": str(keys / "s3")}},
            "paths": ["/srv/notes"],
            "exclude": ["*.tmp"],
            "before": ["/bin/sh", "-c", "echo dumped > /srv/notes/dump"],
            "on_failure": ["/bin/sh", "-c", "echo failed >> /srv/told"],
        },
    }

"""A server with something to lose that is saved elsewhere, and blank hosts that take its place at its address."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.trial import Trial, merged, write_project
from rigwright.choice.gateway import AUTHORITY
from rigwright.spec.locks import write_images
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched
from sim.repository.vendors import VendorRepositories
from tests.system.declared import LLAMA
from tests.system.door import PORT
from tests.system.locked_models import model_path, tiny, write_lock
from tests.system.saving import DATABASE, DUMP, KEY, PASSWORD, WRITER
from tests.system.site import REPOSITORY, Site

NOTE = "/srv/notes/one"
HOST_KEYS = "cat /etc/ssh/ssh_host_*_key.pub"


@dataclass(frozen=True)
class Lost:
    """What the server had; it is gone. ``talks``: its database, as text, hashed; ``keys``: its host keys."""

    project: Site
    folder: Path
    nas: ThrowawayHost
    address: str
    vendors: VendorRepositories
    authority: str
    talks: str
    keys: str

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @contextmanager
    def blank(self) -> Iterator[ThrowawayHost]:
        """A host that was just installed in its place."""
        with bare_host() as host:
            assert host.address == self.address
            let_in(host, self.folder, self.vendors)
            yield host

    def declare(self, **connection: Any) -> None:
        """Declare it again, with these keys that lead to it."""
        declare(self.project.project, self.folder, self.nas, self.vendors, self.address, connection)

    def is_back_on(self, host: ThrowawayHost) -> None:
        """Whether all of it is there again."""
        assert host.run(f"sha256sum {AUTHORITY}").stdout == self.authority
        assert host.run("python3 -", input=DUMP).stdout == self.talks
        assert host.run(f"stat -c '%a %U' {NOTE}; cat {NOTE}").stdout.split() == ["640", "keeper", "kept"]
        assert host.run(HOST_KEYS).stdout == self.keys


def bare_host() -> ThrowawayHost:
    """Without cards: none of this is about them."""
    return ThrowawayHost("basement", root=prefetched("trixie"))


def let_in(host: ThrowawayHost, folder: Path, vendors: VendorRepositories) -> None:
    """What whoever installs a host does: the owner's key for root."""
    vendors.registries_for(host)
    host.run("cat >> /root/.ssh/authorized_keys", input=(folder / "identity.pub").read_text())


def declare(
    project: Path, folder: Path, nas: ThrowawayHost, vendors: VendorRepositories, address: str, connection: Any
) -> Site:
    """Write the project."""
    way = {
        "ssh_hostname": address,
        "ssh_key": str(folder / "identity"),
        "ssh_known_hosts_file": str(folder / "known_hosts"),
        **connection,
    }
    trials = {"basement": Trial(None, merged(declared(vendors, folder, nas, address), way))}
    site = Site(write_project(project, REPOSITORY, trials))
    write_lock(site.project)
    write_images(site.project, vendors.images())
    return site


def declared(vendors: VendorRepositories, folder: Path, nas: ThrowawayHost, address: str) -> dict[str, Any]:
    keys = [
        " ".join(line.split()[1:3]) for line in nas.known_hosts.read_text().splitlines() if line.startswith(nas.address)
    ]
    owner = (folder / "identity.pub").read_text().strip()
    return {
        "access": {"users": {"keeper": {"keys": [owner]}}},
        "driver": {"source": "none"},
        "containers": {"toolkit": {"state": "absent"}},
        "models": {"endpoint": vendors.hub_url, "keep_free_gb": 1, "wanted": {"tiny": tiny()}},
        "runtimes": {
            "services": {
                "llm": {"kind": "llama.cpp", "models": {"tiny": {}}, "args": {"threads": 2}},
                "page": {
                    "kind": "custom",
                    "image": LLAMA,
                    "models": {"tiny": {}},
                    "command": ["--host", "0.0.0.0", "--port", "8090", "--no-webui"],
                    "args": {"model": model_path("/srv/models"), "threads": 1},
                    "listens": 8090,
                    "port": 8091,
                    "health": "/health",
                },
            }
        },
        "gateway": {
            "routes": {"llm": {}, "page": {"paths": ["/health"]}},
            "names": ["basement", address],
            "port": PORT,
            "clients": {"me": {"api_key": {"file": str(folder / "me")}}},
        },
        "backup": {
            "repository": f"sftp:admin@{nas.address}:/home/admin/rig",
            "password": {"file": str(folder / "password")},
            "sftp": {"identity": {"file": str(folder / "identity")}, "host_keys": keys},
            "paths": ["/srv/notes"],
        },
    }


@contextmanager
def lost(folder: Path, project: Path, vendors: VendorRepositories) -> Iterator[Lost]:
    """Build the server, use it, save it, lose it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "identity")], check=True)
    for name, value in {"me": KEY, "password": PASSWORD}.items():
        (folder / name).write_text(value)
        (folder / name).chmod(0o600)
    with ThrowawayHost("nas") as nas:
        nas.run("cat >> /home/admin/.ssh/authorized_keys", input=(folder / "identity.pub").read_text())
        with bare_host() as host:
            let_in(host, folder, vendors)
            (folder / "known_hosts").write_text(f"# mine\nother ssh-ed25519 AAAA\n{host.known_hosts.read_text()}")
            site = declare(project, folder, nas, vendors, host.address, {})
            host.run("mkdir -p /srv/notes && echo kept > /srv/notes/one")
            site.apply()
            host.run(f"chown keeper {NOTE} && chmod 640 {NOTE}")
            host.run('systemd-run -q --unit writer python3 -c "$(cat)"', input=WRITER)
            host.run(f"until [ -s {DATABASE}-wal ]; do sleep 0.2; done; sleep 1")
            site.rig("backup", "run", check=True)
            found = Lost(
                site, folder, nas, host.address, vendors, host.run(f"sha256sum {AUTHORITY}").stdout,
                host.run("python3 -", input=DUMP).stdout, host.run(HOST_KEYS).stdout,
            )  # fmt: skip
        yield found


def fingerprint(host: ThrowawayHost, kind: str = "ed25519") -> str:
    """As the machine itself says it."""
    said = host.run(f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub").stdout
    matched = re.search(r"SHA256:\S+", said)
    assert matched, said
    return matched[0]

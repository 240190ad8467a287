"""Who a host is and who may enter it: its name, its keys, the two users a test can be."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from sim import programs

ADMIN = "admin"
"""The ordinary user of every host, number 1000."""


KEY = "id_ed25519"
"""The client's private key, which opens both users."""

KNOWN_HOSTS = "known_hosts"
"""The host's keys, under its address and its name."""


def give_identity(root: Path, folder: Path, *, name: str, address: str, sudo: bool) -> None:
    """Writes a fresh identity into the host's `root`, and into `folder` what a client needs.

    `sudo` lets the admin become root without a password; without it he has no right to it at all.
    """
    programs.require("ssh-keygen")
    _write(root / "etc/hostname", f"{name}\n")
    _write(root / "etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost ip6-loopback\n")
    _write(root / "etc/machine-id", f"{uuid.uuid4().hex}\n", mode=0o444)
    _write(root / "etc/resolv.conf", resolver())
    client = folder / KEY
    programs.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", str(client)])
    public = client.with_suffix(".pub").read_text()
    _authorize(root, "root", 0, public)
    _authorize(root, f"home/{ADMIN}", 1000, public)
    rule = root / "etc/sudoers.d/admin"
    rule.unlink(missing_ok=True)
    if sudo:
        _write(rule, f"{ADMIN} ALL=(ALL:ALL) NOPASSWD: ALL\n", mode=0o440)
    keys = _host_keys(root, name)
    (folder / KNOWN_HOSTS).write_text("".join(f"{address},{name} {key}\n" for key in keys))


def resolver() -> str:
    """A resolv.conf that works in another network namespace: a resolver on loopback does not."""
    for candidate in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        if candidate.is_file():
            text = candidate.read_text()
            servers = [line.split()[1] for line in text.splitlines() if line.startswith("nameserver ")]
            if servers and not all(server.startswith("127.") or server == "::1" for server in servers):
                return text
    return ""


def _host_keys(root: Path, name: str) -> list[str]:
    folder = root / "etc/ssh"
    for old in folder.glob("ssh_host_*"):
        old.unlink()
    keys = []
    for kind in ("ed25519", "ecdsa"):
        file = folder / f"ssh_host_{kind}_key"
        programs.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"root@{name}", "-f", str(file)])
        keys.append(" ".join(file.with_suffix(".pub").read_text().split()[:2]))
    return keys


def _authorize(root: Path, home: str, uid: int, public: str) -> None:
    folder = root / home / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    _write(folder / "authorized_keys", public, mode=0o600)
    for path in (folder, folder / "authorized_keys"):
        shutil.chown(path, uid, uid)


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    # A link (resolv.conf often is one) would lead out of the host's root.
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)

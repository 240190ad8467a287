"""Debian's own packages of a release, fetched from this machine's mirror."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim import programs
from sim.host.mirror import machine_mirror

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def download(release: str, names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Fetches packages for amd64, at the versions that `release` has now, into `folder`; gives name → file.

    Raises SimulationError with apt's last line.
    """
    mirror = machine_mirror()
    with tempfile.TemporaryDirectory() as scratch:
        # An apt of its own: this machine's may be of another release, and must not be changed.
        top = Path(scratch)
        for path in ("etc/apt/preferences.d", "var/lib/apt/lists", "var/cache/apt/archives", "var/lib/dpkg"):
            (top / path).mkdir(parents=True)
        status = top / "var/lib/dpkg/status"
        status.touch()
        (top / "etc/apt/sources.list").write_text(
            f"deb [signed-by={_KEYRING}] {mirror.archive} {release} main\n"
            f"deb [signed-by={_KEYRING}] {mirror.archive} {release}-updates main\n"
            f"deb [signed-by={_KEYRING}] {mirror.security} {release}-security main\n"
        )
        settings = {
            "Dir": scratch,
            "Dir::State::status": str(status),
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
        }
        apt = [
            "apt-get",
            "--quiet=2",
            *(word for name, value in settings.items() for word in ("-o", f"{name}={value}")),
        ]
        programs.run([*apt, "update"])
        programs.run([*apt, "download", *names], cwd=folder)
    return {name: next(folder.glob(f"{name}_*.deb")) for name in names}


def version(package: Path) -> str:
    """The version of a package's file."""
    return programs.run(["dpkg-deb", "--field", str(package), "Version"]).strip()

"""External programs: which Debian package has each, and how they are run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from sim.errors import SimulationError

DEBIAN_PACKAGE: Mapping[str, str] = {
    "apt-ftparchive": "apt-utils",
    "cc": "gcc",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "gpgconf": "gpgconf",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "patchelf": "patchelf",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "setpriv": "util-linux",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
    "zstd": "zstd",
}
"""Every program that the simulation starts, with the Debian package that has it."""

HEADERS: tuple[str, ...] = ("libc6-dev", "debian-archive-keyring")
"""Debian packages that are needed without being seen as a program: the C library's headers, the archive's keys."""

INSTALLERS: tuple[str, ...] = ("cpio", "fdisk", "gpgv", "mtools", "xorriso")
"""Debian packages of the programs that installation media are made and looked into by."""

# Debian keeps these out of an ordinary user's PATH, and out of root's under some `su`.
_SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def debian_packages() -> list[str]:
    """The Debian packages that the simulation needs on the machine it runs on, sorted."""
    return sorted({*DEBIAN_PACKAGE.values(), *HEADERS, *INSTALLERS})


def find(program: str) -> str:
    """The path of `program`. Raises SimulationError naming the Debian package when it is not there."""
    path = shutil.which(program, path=_SEARCH_PATH)
    if path is None:
        package = DEBIAN_PACKAGE.get(program, program)
        raise SimulationError(f"{program} is missing: apt-get install {package}")
    return path


def require(*programs: str) -> None:
    """Raises one SimulationError that names the Debian packages of all `programs` that are missing."""
    missing = sorted({DEBIAN_PACKAGE.get(p, p) for p in programs if shutil.which(p, path=_SEARCH_PATH) is None})
    if missing:
        raise SimulationError(f"missing on this machine: apt-get install {' '.join(missing)}")


def require_root(purpose: str) -> None:
    """Raises SimulationError unless this process is root."""
    if os.geteuid() != 0:
        raise SimulationError(f"{purpose} needs root: run it with sudo")


def run(
    argv: Sequence[str],
    *,
    input: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
) -> str:
    """Runs a program to its end; gives its standard output. Raises SimulationError with its last line when it fails."""
    done = subprocess.run(
        [find(argv[0]), *argv[1:]],
        input=input,
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise SimulationError(f"{' '.join(argv[:4])} failed ({done.returncode}): {said}")
    return done.stdout


def succeeds(argv: Sequence[str]) -> bool:
    """Whether a program ends with status 0; what it says is dropped. For probes and for undoing what may be gone."""
    quiet = subprocess.DEVNULL
    done = subprocess.run([find(argv[0]), *argv[1:]], stdin=quiet, stdout=quiet, stderr=quiet, check=False)
    return done.returncode == 0

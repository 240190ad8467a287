"""QEMU, its firmware and the makers of disks, in a root of their own: the same versions on every machine."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.cache import built_once, key_of
from sim.errors import SimulationError
from sim.host import mirror as mirrors
from sim.host.root import bootstrap, roots_dir

RELEASE = "trixie"
"""Its QEMU (10.0) emulates `-cpu max` soundly; bookworm's (7.2) panics a Debian 13 with a double fault."""

PACKAGES: tuple[str, ...] = (
    "qemu-system-x86",
    "qemu-utils",
    "ovmf",
    "e2fsprogs",
    "dosfstools",
    "fdisk",
)
"""What is in it besides a minimal Debian."""

_MACHINE = "/machine"

# exec all along, so that the process that is started is the program itself: whoever ends it needs no more than its pid.
_ENTER = f"""
root=$1; shift
mount --rbind / "$root{_MACHINE}"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --bind "$RESOLVER" "$root/etc/resolv.conf"
unset RESOLVER
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Tools:
    """The root with the programs. They see this machine's files under another path: `at`."""

    root: Path

    def at(self, path: Path) -> str:
        """The path by which the programs know a file of this machine. It must hold no comma: QEMU splits there."""
        if "," in str(path):
            raise SimulationError(f"QEMU takes no comma in a path, and there is one in {path}")
        return f"{_MACHINE}{path.resolve()}"

    def file(self, path: str) -> Path:
        """A file of the root as this machine sees it."""
        return self.root / path.lstrip("/")

    def argv(self, words: Sequence[str]) -> list[str]:
        """The command line that runs a program of the root, in a mount namespace that ends with it."""
        unshare = [programs.find("unshare"), "--mount", "--propagation", "private", "--"]
        return [*unshare, "env", f"RESOLVER={_resolver()}", "sh", "-ec", _ENTER, "sh", str(self.root), *words]

    def run(self, words: Sequence[str], *, input: str | None = None) -> str:
        """Runs a program to its end; gives its standard output. Raises SimulationError with its last line."""
        done = subprocess.run(
            self.argv(words), input=input, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
            raise SimulationError(f"{' '.join(words[:4])} failed ({done.returncode}): {said}")
        return done.stdout


def tools() -> Tools:
    """The root with the programs, built in half a minute if it is not there yet. Needs root's rights."""
    programs.require_root("a whole machine")
    programs.require("mmdebstrap", "unshare")
    mirror = mirrors.machine_mirror()
    settings = mirrors.apt_settings()
    key = key_of([RELEASE, PACKAGES, mirror.archive, settings])

    def build(aside: Path) -> None:
        bootstrap(aside / "fs", RELEASE, mirror, settings, variant="apt", packages=PACKAGES)
        (aside / f"fs{_MACHINE}").mkdir()
        resolver = aside / "fs/etc/resolv.conf"
        resolver.unlink(missing_ok=True)
        resolver.touch()

    return Tools(built_once(roots_dir() / f"{RELEASE}-vm-tools-{key}", build) / "fs")


def _resolver() -> Path:
    """The file with this machine's name servers, which QEMU's own network asks."""
    return Path("/etc/resolv.conf").resolve()

"""Root file systems, built once and kept: a bare Debian release, and prepared ones laid on top of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of, remove_tree
from sim.host import mirror as mirrors
from sim.host.release import Release, release

PACKAGES: tuple[str, ...] = (
    "systemd-sysv",
    "udev",
    "dbus",
    "openssh-server",
    "sudo",
    "iproute2",
    "ca-certificates",
    "kmod",
    "linux-image-amd64",
)
"""What a minimal server installation has over Debian's packages of priority `important`."""

_FORMAT = 1  # raise it when what is built changes although its inputs do not


@dataclass(frozen=True)
class Root:
    """A root file system: one folder a layer, the bare release first.

    A layer folder holds `fs` (files, as overlayfs keeps them) and, in prepared layers, `volumes` (what stood under
    /var/lib/docker and its like, which is never on an overlay).
    """

    release: str
    key: str
    layers: tuple[Path, ...]

    @property
    def trees(self) -> tuple[Path, ...]:
        """The folders to stack, the lowest first."""
        return tuple(layer / "fs" for layer in self.layers)

    @property
    def volumes(self) -> Path | None:
        """The folder with the contents of the host's volumes, if a layer brought any."""
        found = [layer / "volumes" for layer in self.layers if (layer / "volumes").is_dir()]
        return found[-1] if found else None


def bare_root(codename: str) -> Root:
    """The root of a minimal installation of a Debian release, component `main` only. Built in about a minute, once."""
    programs.require_root("making a root file system")
    wanted = release(codename)
    mirror = mirrors.machine_mirror()
    settings = mirrors.apt_settings()
    key = key_of([_FORMAT, codename, PACKAGES, wanted.sources(mirror), settings])
    path = built_once(roots_dir() / f"{codename}-{key}", lambda aside: _bootstrap(aside, wanted, mirror, settings))
    return Root(codename, key, (path,))


def roots_dir() -> Path:
    """The folder that holds the built roots."""
    return cache_dir() / "roots"


def remove_unused_roots() -> list[str]:
    """Removes every built root that no host on this machine is laid on; gives their names."""
    mounts = Path("/proc/self/mountinfo").read_text()
    unused = [root for root in sorted(roots_dir().glob("[a-z]*")) if f"{root}/fs" not in mounts]
    for root in unused:
        remove_tree(root)
    return [root.name for root in unused]


def bootstrap(
    tree: Path,
    codename: str,
    mirror: mirrors.Mirror,
    settings: Mapping[str, str],
    *,
    variant: str,
    packages: Sequence[str],
) -> None:
    """Makes the folder `tree` a Debian of component `main`; `settings`: those of `mirrors.apt_settings`."""
    programs.require("mmdebstrap")
    with tempfile.TemporaryDirectory() as scratch:
        apt_options: list[str] = []
        for name, text in settings.items():
            (Path(scratch) / name).write_text(text)
            apt_options.append(f"--aptopt={Path(scratch) / name}")
        programs.run(
            [
                "mmdebstrap",
                "--quiet",
                "--mode=root",
                "--format=directory",
                f"--variant={variant}",
                "--components=main",
                f"--include={','.join(packages)}",
                *apt_options,
                codename,
                str(tree),
                f"deb {mirror.archive} {codename} main",
                f"deb {mirror.archive} {codename}-updates main",
                f"deb {mirror.security} {codename}-security main",
            ]
        )


def _bootstrap(aside: Path, wanted: Release, mirror: mirrors.Mirror, settings: dict[str, str]) -> None:
    tree = aside / "fs"
    bootstrap(tree, wanted.codename, mirror, settings, variant="important", packages=PACKAGES)
    _finish(tree, wanted, mirror, settings)


def _finish(tree: Path, wanted: Release, mirror: mirrors.Mirror, settings: dict[str, str]) -> None:
    _write(tree, "etc/apt/sources.list", "")
    path, text = wanted.sources(mirror)
    if path != "etc/apt/sources.list":
        (tree / "etc/apt/sources.list").unlink()
    _write(tree, path, text)
    (tree / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    for name, setting in settings.items():
        _write(tree, f"etc/apt/apt.conf.d/{name}", setting)
    # The user that the installer makes. Its key and its rights come with each host.
    programs.run(["chroot", str(tree), "useradd", "--create-home", "--shell", "/bin/bash", "--uid", "1000", "admin"])


def _write(tree: Path, path: str, text: str) -> None:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def overlay_option(trees: Sequence[Path]) -> str:
    """The value of overlayfs's `lowerdir=`, which wants the uppermost first."""
    return ":".join(str(tree) for tree in reversed(trees))

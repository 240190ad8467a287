"""Docker's repository: Debian's own build of Docker in packages of the vendor's names, so that a real engine runs.

Both releases get the engine of Debian 13, whose Go programs run on Debian 12 too; runc and tini, which do not, are each
release's own. Names, relations and paths are the vendor's.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of
from sim.host.release import RELEASES
from sim.repository import debian
from sim.repository.archive import Archive, write_index
from sim.repository.content import sources, unit_scripts
from sim.repository.package import Package

PATH = "linux/debian"

_SOURCES = ("docker.py", "debian.py", "content/units/*")
_ENGINE_FROM = "trixie"
_ENGINE = ("docker.io", "docker-cli", "containerd", "docker-buildx", "docker-compose")
_OF_RELEASE = ("runc", "tini")
_SAID = "This is a stand-in of Rigwright's simulation: Debian's own build under Docker's name."


@dataclass(frozen=True)
class _Repacked:
    """A package made of Debian's: `of` are theirs, the first one's upstream version it takes."""

    package: Package
    of: Sequence[str]
    arrange: Callable[[Path], None] = lambda tree: None


def archive(release: str) -> Archive:
    """Docker's repository for a Debian release. Fetches some 100 MB from this machine's mirror, once."""
    inputs = [release, sources(*_SOURCES)]
    top = built_once(
        cache_dir() / "repositories" / f"docker-{release}-{key_of(inputs)}", lambda folder: _build(folder, release)
    )
    fields = {
        "Origin": "Docker",
        "Label": "Docker CE",
        "Suite": release,
        "Codename": release,
        "Architectures": "amd64",
        "Components": "stable",
    }
    return Archive(top / "dists" / release, fields)


def _build(top: Path, release: str) -> None:
    pool = top / "dists" / release / "pool/stable/amd64"
    pool.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=top) as scratch:
        downloads = Path(scratch) / "debs"
        downloads.mkdir()
        files = debian.download(_ENGINE_FROM, _ENGINE, downloads) | debian.download(release, _OF_RELEASE, downloads)
        for repacked in _packages(release, {name: debian.version(file) for name, file in files.items()}):
            tree = Path(scratch) / repacked.package.name
            for name in repacked.of:
                programs.run(["dpkg-deb", "--extract", str(files[name]), str(tree)])
            repacked.arrange(tree)
            shutil.rmtree(tree / "usr/share")  # documentation and completions
            repacked.package.build(pool, onto=tree)
            shutil.rmtree(tree)
    write_index(top, f"dists/{release}/pool", top / "dists" / release / "stable/binary-amd64")


def _packages(release: str, versions: Mapping[str, str]) -> Iterator[_Repacked]:
    number = RELEASES[release].number

    def named(of: str, epoch: str = "") -> str:
        return f"{epoch}{_upstream(versions[of])}-1~debian.{number}~{release}"

    yield _Repacked(
        Package(
            "docker-ce",
            named("docker.io", "5:"),
            "Docker: the open-source application container engine",
            section="admin",
            relations={
                "Pre-Depends": "init-system-helpers (>= 1.54~)",
                "Depends": "containerd.io (>= 1.7), docker-ce-cli, iptables, libc6 (>= 2.34), libsystemd0",
                "Recommends": "apparmor, ca-certificates, git, libltdl7, pigz, procps, xz-utils",
                "Conflicts": "docker (<< 1.5~), docker-engine, docker.io, lxc-docker",
                "Replaces": "docker-engine",
            },
            scripts=unit_scripts("docker.service", "docker.socket", first=_DOCKER_GROUP),
            remark=_SAID,
        ),
        ("docker.io", "tini"),
        _arrange_engine,
    )
    yield _Repacked(
        Package(
            "docker-ce-cli",
            named("docker-cli", "5:"),
            "Docker CLI: the open-source application container engine",
            section="admin",
            relations={
                "Depends": "libc6 (>= 2.34)",
                "Recommends": "docker-buildx-plugin, docker-compose-plugin",
                "Conflicts": "docker (<< 1.5~), docker-engine, docker-engine-cs, docker.io, docker-cli, lxc-docker",
                "Replaces": "docker-engine, docker-engine-cs, docker.io, docker-cli",
            },
            remark=_SAID,
        ),
        ("docker-cli",),
    )
    yield _Repacked(
        Package(
            "containerd.io",
            f"{_upstream(versions['containerd'])}-1",
            "An open and reliable container runtime",
            section="devel",
            relations={
                "Pre-Depends": "init-system-helpers (>= 1.54~)",
                "Depends": "libc6 (>= 2.34), libseccomp2 (>= 2.5.0)",
                "Provides": "containerd, runc",
                "Conflicts": "containerd, runc",
                "Replaces": "containerd, runc",
            },
            scripts=unit_scripts("containerd.service"),
            remark=_SAID,
        ),
        ("containerd", "runc"),
    )
    for plugin, rivals in (("docker-buildx", "docker-buildx"), ("docker-compose", "docker-compose, docker-compose-v2")):
        yield _Repacked(
            Package(
                f"{plugin}-plugin",
                named(plugin),
                f"Docker {plugin.partition('-')[2]} plugin for the Docker CLI",
                section="admin",
                relations={"Depends": "libc6 (>= 2.34)", "Conflicts": rivals, "Enhances": "docker-ce-cli"},
                remark=_SAID,
            ),
            (plugin,),
            _arrange_plugin,
        )


_DOCKER_GROUP = "getent group docker >/dev/null || groupadd --system docker"


def _arrange_engine(tree: Path) -> None:
    """The vendor's paths: programs in /usr/bin, docker-init a program of its own, no options from /etc/default."""
    binaries = tree / "usr/bin"
    for name in ("dockerd", "docker-proxy"):
        (tree / "usr/sbin" / name).rename(binaries / name)
    (binaries / "docker-init").unlink()
    (binaries / "tini-static").rename(binaries / "docker-init")
    (binaries / "tini").unlink()
    unit = tree / "usr/lib/systemd/system/docker.service"
    lines = [line for line in unit.read_text().splitlines() if not line.startswith("EnvironmentFile=")]
    unit.write_text(
        "\n".join(lines).replace("/usr/sbin/dockerd", "/usr/bin/dockerd").replace(" $DOCKER_OPTS", "") + "\n"
    )


def _arrange_plugin(tree: Path) -> None:
    """A plugin alone: the old command of its own is another package's."""
    shutil.rmtree(tree / "usr/bin", ignore_errors=True)


def _upstream(version: str) -> str:
    """Debian's `26.1.5+dfsg1-9+deb13u1` as the vendor would number it: `26.1.5`."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return found[1] if found else version

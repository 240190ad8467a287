"""The driver's packages: which are installed, who built them, which apt would choose."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from pyinfra.api import FactBase

_UPSTREAM = re.compile(r"^(?:\d+:)?([3-9]\d\d\.\d[\d.]*)")
_MODULE_PACKAGES = ("linux-modules-nvidia-", "linux-objects-nvidia-", "linux-signatures-nvidia-")
_PINNING = "nvidia-driver-pinning-"
DPKG = "/var/lib/dpkg/status"
"""The place of what is installed: not one to have it from."""

_COMPANIONS = ("glx-alternatives", "nvidia-support")


@dataclass(frozen=True)
class DriverPackage:
    """One installed (or half installed) package. ``upstream``: NVIDIA's version, None where it has one of its own."""

    name: str
    version: str
    upstream: str | None
    status: str

    @property
    def branch(self) -> int | None:
        """Driver branch, e.g. 580."""
        return int(self.upstream.split(".")[0]) if self.upstream else None


class DriverPackages(FactBase[dict[str, DriverPackage]]):
    """Name → package, for every package that has to move together with the kernel modules, or pins them.

    That is what is built from a source named after NVIDIA with the version of a driver (so neither the container
    toolkit nor CUDA), and Ubuntu's ready-built modules.

    Who built one does not show in it (NVIDIA's own packages for Ubuntu name Ubuntu's developers as maintainers):
    `Offers` tells where a version is to be had.

    Raw lines: ``ii |nvidia-smi|550.163.01-2|nvidia-graphics-drivers``.
    """

    def command(self) -> str:
        """List every package whose source or name speaks of NVIDIA."""
        return (
            "LC_ALL=C dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}|${source:Package}\\n'"
            " 2>/dev/null | grep -iE 'nvidia|cuda-drivers|cuda-compat|glx-alternatives' || true"
        )

    @staticmethod
    def default() -> dict[str, DriverPackage]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, DriverPackage]:
        """Leave out what is only residual configuration."""
        found: dict[str, DriverPackage] = {}
        for line in output:
            status, name, version, source = line.split("|")
            if status[1:2] not in ("c", "n", "") and _is_driver(name, version, source):
                upstream = upstream_version(version)
                found[name] = DriverPackage(name, version, upstream, status.strip())
        return found


class DriverRemains(FactBase[dict[str, str]]):
    """Name → version of all that a removed driver should not leave: its packages, those that came along for it alone
    (Debian's glx-alternatives and nvidia-support), and what has only its configuration left.

    Raw lines as for `DriverPackages`.
    """

    def command(self) -> str:
        """As `DriverPackages`."""
        return DriverPackages().command()

    @staticmethod
    def default() -> dict[str, str]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Keep residual configuration."""
        found: dict[str, str] = {}
        for line in output:
            status, name, version, source = line.split("|")
            if status[1:2] not in ("n", "") and (_is_driver(name, version, source) or source in _COMPANIONS):
                found[name] = "configuration left" if status[1:2] == "c" else version
        return found


class Place(NamedTuple):
    """Where a version is to be had: apt's priority of the repository, its line, and who it says it is (Origin)."""

    priority: int
    line: str
    origin: str = ""


@dataclass(frozen=True)
class Offer:
    """What apt knows of one package name. ``versions``: version → where it is to be had, best version first."""

    installed: str | None
    candidate: str | None
    versions: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    """Version → its priority after pins."""


class Offers(FactBase[dict[str, Offer]]):
    """Package name → what the sources offer; a name that no source has is absent.

    Raw: output of ``apt-cache policy`` for all repositories (`` 500 http://mirror trixie/main amd64 Packages``, then
    ``release …,o=Debian,…``), ``@offers``, then that for the names.
    """

    def command(self, names: list[str]) -> str:
        """Ask for all names at once."""
        listed = " ".join(sorted(set(names)))
        return f"export LC_ALL=C; {{ apt-cache policy; echo @offers; apt-cache policy {listed}; }} 2>/dev/null || true"

    @staticmethod
    def default() -> dict[str, Offer]:
        """No name is known."""
        return {}

    def process(self, output: list[str]) -> dict[str, Offer]:
        """Read the version tables."""
        start = output.index("@offers") + 1 if "@offers" in output else 0
        origins = _origins(output[:start])
        found: dict[str, Offer] = {}
        name = version = ""
        installed: str | None = None
        for line in output[start:]:
            text = line.strip()
            if line and not line.startswith(" ") and text.endswith(":"):
                name, version, installed = text[:-1], "", None
            elif text.startswith("Installed: "):
                installed = _version_or_none(text)
            elif text.startswith("Candidate: "):
                found[name] = Offer(installed, _version_or_none(text))
            elif name in found and (entry := re.match(r"^ (?:\*\*\*|   ) (\S+) (-?\d+)", line)):
                version = entry[1]
                # Two builds of one version stand there twice; that it is to be had from both is what counts.
                found[name].versions.setdefault(version, ())
                found[name].priorities.setdefault(version, int(entry[2]))
            elif version and (place := re.match(r"^(-?\d+) (.+)$", text)):
                where = Place(int(place[1]), place[2], origins.get(place[2], ""))
                found[name].versions[version] += (where,)
        return found


def _origins(lines: list[str]) -> dict[str, str]:
    """Repository line → its Origin."""
    found: dict[str, str] = {}
    place = ""
    for line in lines:
        text = line.strip()
        if match := re.match(r"^-?\d+ (.+)$", text):
            place = match[1]
        elif text.startswith("release ") and (origin := re.search(r"(?:^release |,)o=([^,]*)", text)):
            found[place] = origin[1]
    return found


def upstream_version(version: str) -> str | None:
    """NVIDIA's version within a package's, e.g. '580.105.08' of '580.105.08-0ubuntu1'; None if it is not a driver's."""
    match = _UPSTREAM.match(version)
    return match[1].rstrip(".") if match else None


def _version_or_none(text: str) -> str | None:
    value = text.partition(": ")[2]
    return None if value == "(none)" else value


def _is_driver(name: str, version: str, source: str) -> bool:
    if name.startswith((*_MODULE_PACKAGES, _PINNING)):
        return True
    of_nvidia = "nvidia" in source.lower() or source in ("cuda-drivers", "cuda-compat")
    return of_nvidia and upstream_version(version) is not None

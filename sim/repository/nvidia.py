"""NVIDIA's CUDA repository, one folder a release as the vendor has it: drivers in several versions, and toolkits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.cache import key_of
from sim.repository import cuda, driver, driver_debian, driver_ubuntu
from sim.repository.archive import Archive, flat
from sim.repository.content import sources
from sim.repository.package import Package

PATH = "compute/cuda/repos"


@dataclass(frozen=True)
class Place:
    """A release's folder, the file in it that holds the key, and whose names its driver packages have."""

    directory: str
    key_file: str
    distribution: str


PLACES: Mapping[str, Place] = {
    "bookworm": Place("debian12", "3bf863cc.pub", "debian"),
    "trixie": Place("debian13", "8793F200.pub", "debian"),
    "jammy": Place("ubuntu2204", "3bf863cc.pub", "ubuntu"),
    "noble": Place("ubuntu2404", "3bf863cc.pub", "ubuntu"),
}

_DRIVERS: Mapping[str, Callable[[str], Iterator[Package]]] = {
    "debian": driver_debian.packages,
    "ubuntu": driver_ubuntu.packages,
}
_SOURCES = ("driver*.py", "cuda.py", "content/driver/*", "content/kernel/*", "content/cuda/*", "content/units/*")
_RELEASE = {"Origin": "NVIDIA", "Label": "NVIDIA CUDA"}


def packages(distribution: str, versions: Sequence[str]) -> Iterator[Package]:
    """All packages of a distribution's folders, with drivers of these versions."""
    for version in versions:
        yield from _DRIVERS[distribution](version)
    yield from driver.pinnings(tuple(versions))
    yield from cuda.packages()


def archive(distribution: str, versions: Sequence[str]) -> Archive:
    """The archive that all releases of a distribution have in their folders."""

    def fill(folder: Path) -> None:
        for package in packages(distribution, versions):
            package.build(folder)

    key = key_of([distribution, list(versions), sources(*_SOURCES)])
    return flat(f"nvidia-{distribution}", key, _RELEASE, fill)

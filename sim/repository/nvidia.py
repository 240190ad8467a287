"""NVIDIA's CUDA repository, one folder a release as the vendor has it: drivers in several versions, and toolkits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.cache import key_of
from sim.repository import cuda, driver
from sim.repository.archive import Archive, flat
from sim.repository.content import sources

PATH = "compute/cuda/repos"


@dataclass(frozen=True)
class Place:
    """A release's folder, and the file in it that holds the key."""

    directory: str
    key_file: str


PLACES: Mapping[str, Place] = {
    "bookworm": Place("debian12", "3bf863cc.pub"),
    "trixie": Place("debian13", "8793F200.pub"),
}

_SOURCES = ("driver.py", "cuda.py", "content/driver/*", "content/kernel/*", "content/cuda/*", "content/units/*")
_RELEASE = {"Origin": "NVIDIA", "Label": "NVIDIA CUDA"}


def archive(versions: Sequence[str]) -> Archive:
    """The archive that both Debian releases' folders hold, with drivers of these versions."""

    def fill(folder: Path) -> None:
        for version in versions:
            for package in driver.packages(version):
                package.build(folder)
        for package in (*driver.branch_pins(tuple(versions)), *cuda.packages()):
            package.build(folder)

    return flat("nvidia", key_of([list(versions), sources(*_SOURCES)]), _RELEASE, fill)

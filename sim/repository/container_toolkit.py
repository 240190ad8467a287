"""NVIDIA's container toolkit as its repository packages it, with a nvidia-ctk and a runtime that know sim's devices.

Names, units, conditions and maintainer scripts follow upstream's packaging of 1.18 and later (its `packaging/debian`
and `deployments/systemd`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sim.cache import key_of
from sim.repository.archive import Archive, flat
from sim.repository.content import sources, text
from sim.repository.package import File, Link, Package, program

VERSIONS: tuple[str, ...] = ("1.18.1", "1.19.0", "1.19.1")
PATH = "libnvidia-container"

_SOURCES = ("container_toolkit.py", "content/toolkit/*")
_OWN = "/usr/lib/nvidia-container-toolkit-stand-in"
_UNITS = "/etc/systemd/system"
_RELEASE = {
    "Origin": "https://nvidia.github.io/libnvidia-container",
    "Label": "NVIDIA CORPORATION <cudatools@nvidia.com>",
}


def archive() -> Archive:
    """The toolkit's repository."""

    def fill(folder: Path) -> None:
        for version in VERSIONS:
            for package in packages(version):
                package.build(folder)

    return flat("toolkit", key_of([VERSIONS, sources(*_SOURCES)]), _RELEASE, fill)


def packages(version: str) -> Iterator[Package]:
    """The four packages of one version."""
    full = f"{version}-1"
    yield Package(
        "nvidia-container-toolkit",
        full,
        "NVIDIA Container toolkit",
        relations={
            "Depends": f"nvidia-container-toolkit-base (= {full}), libnvidia-container-tools (>= {full}), "
            "libnvidia-container-tools (<< 2.0.0)",
            "Breaks": "nvidia-container-runtime (<= 3.5.0-1), nvidia-container-runtime-hook",
            "Replaces": "nvidia-container-runtime (<= 3.5.0-1), nvidia-container-runtime-hook",
        },
        files={"/usr/bin/nvidia-container-runtime-hook": _not_simulated("nvidia-container-runtime-hook", version)},
    )
    yield _base(version, full)
    yield Package(
        "libnvidia-container-tools",
        full,
        "NVIDIA container runtime library (command-line tools)",
        source="libnvidia-container",
        relations={"Depends": f"libnvidia-container1 (>= {full})"},
        files={"/usr/bin/nvidia-container-cli": _not_simulated("nvidia-container-cli", version)},
    )
    library = "/usr/lib/x86_64-linux-gnu/libnvidia-container.so"
    yield Package(
        "libnvidia-container1",
        full,
        "NVIDIA container runtime library",
        source="libnvidia-container",
        section="libs",
        relations={"Multi-Arch": "same"},
        files={f"{library}.{version}": File("stand-in\n"), f"{library}.1": Link(f"libnvidia-container.so.{version}")},
    )


def _base(version: str, full: str) -> Package:
    units = ("nvidia-cdi-refresh.service", "nvidia-cdi-refresh.path")
    return Package(
        "nvidia-container-toolkit-base",
        full,
        "NVIDIA Container Toolkit Base",
        source="nvidia-container-toolkit",
        files={
            "/usr/bin/nvidia-ctk": program(text("toolkit/nvidia-ctk", version=version)),
            "/usr/bin/nvidia-container-runtime": program(text("toolkit/nvidia-container-runtime")),
            "/usr/bin/nvidia-cdi-hook": _not_simulated("nvidia-cdi-hook", version),
            "/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env": File(text("toolkit/nvidia-cdi-refresh.env")),
            **{f"{_UNITS}/{unit}": File(text(f"toolkit/{unit}")) for unit in units},
            **{f"{_OWN}/{name}": File(text(f"toolkit/{name}")) for name in ("StandIn.pm", "config.toml")},
        },
        scripts={name: text(f"toolkit/{name}") for name in ("postinst", "prerm", "postrm")},
    )


def _not_simulated(name: str, version: str) -> File:
    return program(text("toolkit/not-simulated", name=name, version=version))

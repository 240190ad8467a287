"""NVIDIA's driver as its CUDA repository packages it for Ubuntu: with the branch in the names, until branch 590.

Names: NVIDIA's installation guide, "Ubuntu 590 package renames"; relations after Ubuntu's packages of these names. No
Ubuntu host runs here: what these are for is apt's choice among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sim.repository.content import text
from sim.repository.driver import LDCONFIG, branch, dkms_scripts, dkms_source, library
from sim.repository.package import File, Package, program

_MAINTAINER = "Ubuntu Core Developers <ubuntu-devel-discuss@lists.ubuntu.com>"
"""NVIDIA's packaging comes from Ubuntu's, and so does this line: it does not tell whose they are."""

_FIRST_WITHOUT_BRANCH = 590


def packages(version: str) -> Iterator[Package]:
    """All packages of one driver version."""
    for package in _packages(version):
        yield replace(package, maintainer=_MAINTAINER)


def _packages(version: str) -> Iterator[Package]:
    number = branch(version)
    renamed = int(number) >= _FIRST_WITHOUT_BRANCH
    suffix = "" if renamed else f"-{number}"
    full = f"{version}-1ubuntu1" if renamed else f"{version}-0ubuntu1"
    source = f"nvidia-graphics-drivers{suffix}"
    compute = f"libnvidia-compute{suffix}"
    yield Package(
        compute,
        full,
        "NVIDIA libcompute package",
        source=source,
        section="libs",
        relations={"Multi-Arch": "same", "Provides": "libcuda1, libnvidia-ml1"},
        files=library("libcuda", version) | library("libnvidia-ml", version),
        scripts=LDCONFIG,
    )
    yield Package(
        f"nvidia-utils{suffix}",
        full,
        "NVIDIA driver support binaries",
        source=source,
        relations={"Depends": f"{compute} (= {full})"},
        files={"/usr/bin/nvidia-smi": program(text("driver/nvidia-smi"))},
    )
    yield Package(
        f"nvidia-compute-utils{suffix}",
        full,
        "NVIDIA compute utilities",
        source=source,
        relations={"Depends": f"{compute} (= {full}), adduser"},
        files={
            "/usr/bin/nvidia-persistenced": program(text("driver/nvidia-persistenced", version=version)),
            "/usr/lib/systemd/system/nvidia-persistenced.service": File(
                text("driver/nvidia-persistenced-ubuntu.service")
            ),
        },
    )
    names = {"open": f"nvidia-dkms{suffix}-open", "proprietary": f"nvidia-dkms{suffix}"}
    for flavour, name in names.items():
        other = next(each for each in names.values() if each != name)
        yield Package(
            name,
            full,
            "NVIDIA DKMS package" + (" (open kernel module)" if flavour == "open" else ""),
            source=source,
            section="kernel",
            relations={"Depends": "dkms", "Provides": f"nvidia-dkms-kernel (= {full})", "Conflicts": other},
            files=dkms_source(version, flavour),
            scripts=dkms_scripts(version, name),
        )
    for name, kernel in (("nvidia-open", names["open"]), ("cuda-drivers", names["proprietary"])):
        depends = f"{kernel} (= {full}), nvidia-utils{suffix} (= {full}), nvidia-compute-utils{suffix} (= {full})"
        yield Package(
            f"{name}{suffix}", full, "NVIDIA Driver meta-package", source=name, relations={"Depends": depends}
        )

"""NVIDIA's driver as its CUDA repository packages it for Debian: the vendor's names, next to nothing inside.

Names, versions and what each package holds: public `dpkg -l` of 595.58.03-1 on Debian 13 and NVIDIA's installation
guide. Relations and source packages are those of Debian's packages of the same names, where NVIDIA's own could not be
read here; what matters of them is that everything moves at one version and that the archive's set is replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from sim.repository.content import text, unit_scripts
from sim.repository.driver import LDCONFIG, dkms_scripts, dkms_source, library
from sim.repository.package import File, Package, program

_MAINTAINER = "Debian NVIDIA Maintainers <pkg-nvidia-devel@lists.alioth.debian.org>"
"""NVIDIA's packaging comes from Debian's, and so does this line of some of them: it does not tell whose they are."""

_GRAPHICS = "nvidia-graphics-drivers"
_LIBRARIES = {
    "libcuda1": "libcuda",
    "libnvidia-ml1": "libnvidia-ml",
    "libnvidia-cfg1": "libnvidia-cfg",
    "libnvidia-ptxjitcompiler1": "libnvidia-ptxjitcompiler",
}
_KERNEL = {"open": "nvidia-kernel-open-dkms", "proprietary": "nvidia-kernel-dkms"}
_NVPD = (
    "getent passwd nvpd >/dev/null || adduser --system --group --home /var/run/nvpd/ "
    "--gecos 'NVIDIA Persistence Daemon' --no-create-home nvpd"
)


def packages(version: str) -> Iterator[Package]:
    """All packages of one driver version."""
    full = f"{version}-1"
    every = (_libraries(version, full), _kernel(version, full), _programs(version, full), _metapackages(full))
    for package in chain(*every):
        yield replace(package, maintainer=_MAINTAINER)


def _libraries(version: str, full: str) -> Iterator[Package]:
    further = {"libcuda1": {"Depends": f"libnvidia-ptxjitcompiler1 (= {full})", "Provides": "libcuda1-any"}}
    for name, file in _LIBRARIES.items():
        yield Package(
            name,
            full,
            f"NVIDIA {file} runtime library",
            source=_GRAPHICS,
            section="libs",
            relations={"Multi-Arch": "same", **further.get(name, {})},
            files=library(file, version),
            scripts=LDCONFIG,
        )


def _kernel(version: str, full: str) -> Iterator[Package]:
    yield Package(
        "firmware-nvidia-gsp",
        full,
        "NVIDIA GSP firmware",
        source=_GRAPHICS,
        files={f"/usr/lib/firmware/nvidia/{version}/gsp_ga10x.bin": File("stand-in\n")},
    )
    yield Package(
        "nvidia-kernel-support",
        full,
        "NVIDIA binary kernel module support files",
        source=_GRAPHICS,
        section="kernel",
        relations={"Depends": "nvidia-modprobe, kmod", "Provides": "nvidia-kernel-support--v1"},
        files={"/usr/lib/modprobe.d/nvidia.conf": File(text("driver/modprobe.conf"))},
    )
    for flavour, name in _KERNEL.items():
        others = [other for other in _KERNEL.values() if other != name]
        rivals = ", ".join([*others, "nvidia-open-kernel-dkms"])
        yield Package(
            name,
            full,
            "NVIDIA binary kernel module DKMS source" + (" open flavor" if flavour == "open" else ""),
            source=_GRAPHICS,
            section="kernel",
            relations={
                "Depends": f"dkms, firmware-nvidia-gsp (= {full}), nvidia-kernel-support (= {full})",
                "Provides": f"nvidia-kernel-{version}",
                "Conflicts": rivals,
                "Replaces": rivals,
            },
            files=dkms_source(version, flavour),
            scripts=dkms_scripts(version, name),
        )


def _programs(version: str, full: str) -> Iterator[Package]:
    rivals = "nvidia-smi, nvidia-driver-bin, nvidia-alternative"
    libraries = f"libcuda1 (= {full}), libnvidia-ml1 (= {full})"
    yield Package(
        "nvidia-driver-cuda",
        full,
        "NVIDIA driver CUDA integration components",
        source=_GRAPHICS,
        relations={
            "Depends": f"{libraries}, nvidia-persistenced (= {full}), {_either_kernel(full)}",
            "Conflicts": rivals,
            "Replaces": rivals,
        },
        files={"/usr/bin/nvidia-smi": program(text("driver/nvidia-smi"))},
    )
    yield Package(
        "nvidia-persistenced",
        full,
        "daemon to maintain persistent software state in the NVIDIA driver",
        relations={"Pre-Depends": "init-system-helpers (>= 1.54~)", "Depends": "libnvidia-cfg1, adduser"},
        files={
            "/usr/bin/nvidia-persistenced": program(text("driver/nvidia-persistenced", version=version)),
            "/usr/lib/systemd/system/nvidia-persistenced.service": File(text("driver/nvidia-persistenced.service")),
        },
        scripts=unit_scripts("nvidia-persistenced.service", first=_NVPD),
    )
    yield Package(
        "nvidia-modprobe",
        full,
        "utility to load NVIDIA kernel modules and create device nodes",
        relations={"Multi-Arch": "foreign", "Depends": "kmod"},
        files={"/usr/bin/nvidia-modprobe": program(text("driver/nvidia-modprobe"))},
    )


def _metapackages(full: str) -> Iterator[Package]:
    for name, kernel in (("nvidia-open", _KERNEL["open"]), ("cuda-drivers", _KERNEL["proprietary"])):
        yield Package(
            name,
            full,
            f"NVIDIA Driver meta-package, {kernel}",
            relations={"Depends": f"nvidia-driver (= {full}), nvidia-driver-cuda (= {full}), {kernel} (= {full})"},
        )
    yield Package(
        "nvidia-driver",
        full,
        "NVIDIA metapackage",
        source=_GRAPHICS,
        relations={"Depends": _either_kernel(full)},
    )


def _either_kernel(full: str) -> str:
    return " | ".join(f"{name} (= {full})" for name in reversed(_KERNEL.values()))

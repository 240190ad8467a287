"""What every packaging of NVIDIA's driver holds: libraries that find no driver, and the source of kernel modules."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.repository.content import FOLDER, text
from sim.repository.package import File, Link, Package

VERSIONS: tuple[str, ...] = ("580.95.05", "580.105.08", "590.44.01")
BROKEN = "580.999.01"
"""A version whose kernel modules do not compile on any kernel."""

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LDCONFIG = {"triggers": "activate-noawait ldconfig\n"}
"""Scripts of a package with libraries."""

_MODULES = ("uvm", "modeset", "drm")


@dataclass(frozen=True)
class Flavour:
    """How a flavour of the module names its licence, and itself in /proc/driver/nvidia/version around the version."""

    license: str
    itself: str
    build: str


FLAVOURS: Mapping[str, Flavour] = {
    "open": Flavour("Dual MIT/GPL", "NVIDIA UNIX Open Kernel Module for x86_64", "  Release Build  (stand-in)"),
    "proprietary": Flavour("NVIDIA", "NVIDIA UNIX x86_64 Kernel Module", "  (stand-in)"),
}


def branch(version: str) -> str:
    """The branch of a version: 580 of 580.95.05."""
    return version.partition(".")[0]


def library(name: str, version: str) -> dict[str, File | Link]:
    """A library, `libcuda` say, with the link that programs open it by."""
    file = f"{name}.so.{version}"
    return {f"{LIBRARIES}/{file}": File(_compiled(name)), f"{LIBRARIES}/{name}.so.1": Link(file)}


def dkms_source(version: str, flavour: str) -> dict[str, File | Link]:
    """The modules' source, as DKMS wants it."""
    names = FLAVOURS[flavour]
    folder = f"/usr/src/nvidia-{version}"
    broken = version == BROKEN
    kbuild = text(
        "kernel/Kbuild",
        version=version,
        license=names.license,
        self=names.itself,
        build=names.build,
        flags="-include $(src)/broken.h" if broken else "",
    )
    files: dict[str, File | Link] = {
        f"{folder}/dkms.conf": File(text("kernel/dkms.conf", version=version)),
        f"{folder}/Kbuild": File(kbuild),
        f"{folder}/Makefile": File(text("kernel/Makefile")),
        f"{folder}/nvidia.c": File(text("kernel/nvidia.c")),
        **{f"{folder}/nvidia-{name}.c": File(text("kernel/further.c")) for name in _MODULES},
    }
    if broken:
        files[f"{folder}/broken.h"] = File(text("kernel/broken.h"))
    return files


def dkms_scripts(version: str, package: str) -> dict[str, str]:
    """Maintainer scripts that build the modules for every kernel with headers, and remove them."""
    return {
        "postinst": text("kernel/postinst", version=version, package=package),
        "prerm": text("kernel/prerm", version=version),
    }


def pinning(what: str, pin: str) -> Package:
    """NVIDIA's package that holds a host on `what`, a branch or a version."""
    moved = "src:*nvidia*:any src:cuda-drivers:any src:cuda-compat:any"
    return Package(
        f"nvidia-driver-pinning-{what}",
        f"{what}-1",
        f"pins the driver to {what}",
        source="nvidia-driver-pinning",
        architecture="all",
        relations={"Provides": "nvidia-driver-pinning", "Conflicts": "nvidia-driver-pinning"},
        files={
            "/etc/apt/preferences.d/nvidia-driver-pinning": File(
                f"Package: {moved}\nPin: version {pin}\nPin-Priority: 1000\n"
            )
        },
    )


def pinnings(versions: tuple[str, ...]) -> Iterator[Package]:
    """The pinning packages of these versions and of their branches."""
    for each in sorted({branch(version) for version in versions}):
        yield pinning(each, f"{each}.*")
    for version in versions:
        yield pinning(version, f"{version}*")


def _compiled(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / name
        defined = ["-DNVML"] if name == "libnvidia-ml" else []
        source = str(FOLDER / "driver/library.c")
        flags = ["-shared", "-fPIC", "-nostdlib", "-Os", "-s", f"-Wl,-soname,{name}.so.1"]
        programs.run(["cc", *flags, *defined, "-o", str(target), source])
        return target.read_bytes()

"""NVIDIA's driver as its CUDA repository packages it for Debian: the vendor's names, next to nothing inside.

Names, versions and what each package holds: public `dpkg -l` of 595.58.03-1 on Debian 13 and NVIDIA's installation
guide. Relations and source packages are those of Debian's packages of the same names, where NVIDIA's own could not be
read here; what matters of them is that everything moves at one version and that the archive's set is replaced whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim import programs
from sim.repository.content import FOLDER, text, unit_scripts
from sim.repository.package import File, Link, Package, program

VERSIONS: tuple[str, ...] = ("580.95.05", "580.105.08", "590.44.01")
BROKEN = "580.999.01"
"""A version whose kernel modules do not compile on any kernel."""

_NVPD = (
    "getent passwd nvpd >/dev/null || adduser --system --group --home /var/run/nvpd/ "
    "--gecos 'NVIDIA Persistence Daemon' --no-create-home nvpd"
)
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
_GRAPHICS = "nvidia-graphics-drivers"
_MODULES = ("uvm", "modeset", "drm")
_FLAVOURS = {
    # flavour → (package, licence, how the module calls itself in /proc/driver/nvidia/version, what follows its version)
    "open": (
        "nvidia-kernel-open-dkms",
        "Dual MIT/GPL",
        "NVIDIA UNIX Open Kernel Module for x86_64",
        "  Release Build  (stand-in)",
    ),
    "proprietary": ("nvidia-kernel-dkms", "NVIDIA", "NVIDIA UNIX x86_64 Kernel Module", "  (stand-in)"),
}


def packages(version: str) -> Iterator[Package]:
    """All packages of one driver version."""
    full = f"{version}-1"
    yield from _libraries(version, full)
    yield from _kernel(version, full)
    yield from _programs(version, full)
    yield from _metapackages(version, full)
    yield _pinning(version, f"{version}*")


def branch_pins(versions: tuple[str, ...]) -> Iterator[Package]:
    """The packages that hold a host on a whole branch, one a branch."""
    for branch in sorted({version.partition(".")[0] for version in versions}):
        yield _pinning(branch, f"{branch}.*")


def _pinning(what: str, pin: str) -> Package:
    entry = (
        f"Package: src:*nvidia*:any src:cuda-drivers:any src:cuda-compat:any\nPin: version {pin}\nPin-Priority: 1000\n"
    )
    return Package(
        f"nvidia-driver-pinning-{what}",
        f"{what}-1",
        f"pins the driver to {what}",
        source="nvidia-driver-pinning",
        architecture="all",
        relations={"Provides": "nvidia-driver-pinning", "Conflicts": "nvidia-driver-pinning"},
        files={"/etc/apt/preferences.d/nvidia-driver-pinning": File(entry)},
    )


def _libraries(version: str, full: str) -> Iterator[Package]:
    own = {"libcuda1": "libcuda.so", "libnvidia-ml1": "libnvidia-ml.so", "libnvidia-cfg1": "libnvidia-cfg.so"}
    own["libnvidia-ptxjitcompiler1"] = "libnvidia-ptxjitcompiler.so"
    further = {"libcuda1": {"Depends": f"libnvidia-ptxjitcompiler1 (= {full})", "Provides": "libcuda1-any"}}
    for name, library in own.items():
        soname = f"{library}.1"
        yield Package(
            name,
            full,
            f"NVIDIA {library.partition('.')[0]} runtime library",
            source=_GRAPHICS,
            section="libs",
            relations={"Multi-Arch": "same", **further.get(name, {})},
            files={
                f"{_LIBRARIES}/{library}.{version}": File(_library(soname, nvml=name == "libnvidia-ml1")),
                f"{_LIBRARIES}/{soname}": Link(f"{library}.{version}"),
            },
            scripts={"triggers": "activate-noawait ldconfig\n"},
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
    for flavour, (name, *_) in _FLAVOURS.items():
        other = next(other for key, (other, *_) in _FLAVOURS.items() if key != flavour)
        rivals = f"{other}, nvidia-open-kernel-dkms"
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
            files=_dkms_source(version, flavour),
            scripts={
                "postinst": text("kernel/postinst", version=version, package=name),
                "prerm": text("kernel/prerm", version=version),
            },
        )


def _dkms_source(version: str, flavour: str) -> dict[str, File | Link]:
    _, license, itself, build = _FLAVOURS[flavour]
    folder = f"/usr/src/nvidia-{version}"
    broken = version == BROKEN
    flags = "-include $(src)/broken.h" if broken else ""
    kbuild = text("kernel/Kbuild", version=version, license=license, self=itself, build=build, flags=flags)
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


def _programs(version: str, full: str) -> Iterator[Package]:
    rivals = "nvidia-smi, nvidia-driver-bin, nvidia-alternative"
    kernel = f"nvidia-kernel-dkms (= {full}) | nvidia-kernel-open-dkms (= {full})"
    yield Package(
        "nvidia-driver-cuda",
        full,
        "NVIDIA driver CUDA integration components",
        source=_GRAPHICS,
        relations={
            "Depends": f"libcuda1 (= {full}), libnvidia-ml1 (= {full}), nvidia-persistenced (= {full}), {kernel}",
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


def _metapackages(version: str, full: str) -> Iterator[Package]:
    for name, kernel in (("nvidia-open", "nvidia-kernel-open-dkms"), ("cuda-drivers", "nvidia-kernel-dkms")):
        yield Package(
            name,
            full,
            f"NVIDIA Driver meta-package, {kernel}",
            relations={"Depends": f"nvidia-driver (= {full}), nvidia-driver-cuda (= {full}), {kernel} (= {full})"},
        )
    kernels = f"nvidia-kernel-dkms (= {full}) | nvidia-kernel-open-dkms (= {full})"
    yield Package("nvidia-driver", full, "NVIDIA metapackage", source=_GRAPHICS, relations={"Depends": f"{kernels}"})


def _library(soname: str, *, nvml: bool) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / soname
        defined = ["-DNVML"] if nvml else []
        source = str(FOLDER / "driver/library.c")
        flags = ["-shared", "-fPIC", "-nostdlib", "-Os", "-s", f"-Wl,-soname,{soname}"]
        programs.run(["cc", *flags, *defined, "-o", str(target), source])
        return target.read_bytes()

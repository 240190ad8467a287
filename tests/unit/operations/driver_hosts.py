"""Hosts with a driver, without one, and half-way, as the driver's facts see them."""

from __future__ import annotations

from typing import Any

from rigwright.catalog import catalog
from rigwright.choice.driver import Wanted, wanted_driver
from rigwright.facts.driver import DriverPackage, Offer, Offers, Place, upstream_version
from rigwright.facts.gpus import PciGpu
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tests.unit.operations.releases import RELEASE

ARCHIVE = Place(500, "http://mirror.example/debian trixie/non-free amd64 Packages", "Debian")
VENDOR = Place(500, "http://192.0.2.1/cuda  Packages", "NVIDIA")
NEW, OLD = "6.12.117+deb13-amd64", "6.12.43+deb13-amd64"


def wanted(codename: str, **driver: Any) -> Wanted:
    """What this declaration means on that release, for an Ampere card."""
    return wanted_driver(Rig(name="x", driver=Driver(**driver)), catalog().release(codename), catalog(), ["ampere"])


def have(version: str, *names: str, status: str = "ii") -> dict[str, DriverPackage]:
    """These packages of the driver, as dpkg has them."""
    return {name: DriverPackage(name, version, upstream_version(version), status) for name in names}


def offered(version: str, *names: str, place: Place = ARCHIVE) -> dict[str, Offer]:
    """These packages, as a source offers them."""
    return {name: Offer(None, version, {version: (place,)}) for name in names}


DEBIAN = wanted("trixie", source="distribution")
SET = DEBIAN.packages.packages
VERSION = "550.163.01-2"
WHOLE = have(VERSION, *SET)
OFFERS = offered(VERSION, *SET)
META = PackagesState(installed={"linux-image-amd64": "6.12.117-1"})
WITH_HEADERS = KernelsState(NEW, {NEW: Kernel(True, 100.0)})
HOST = {Release: RELEASE["trixie"], Packages: META, Offers: OFFERS, Kernels: WITH_HEADERS}


def boots(*installed: str, headers: tuple[str, ...] = (), **more: Any) -> KernelsState:
    """A host with these kernels, some with their headers."""
    state = {kernel: Kernel(kernel in headers, 100.0) for kernel in installed}
    values: dict[str, Any] = {"running": NEW, "initrd_tool": "update-initramfs", "modprobe_changed": 50.0, **more}
    return KernelsState(installed=state, **values)


def module(version: str = "550.163.01", name: str = "nvidia-current", is_open: bool = False) -> Module:
    """A module that DKMS has built."""
    return Module(name, f"/lib/modules/k/updates/dkms/{name}.ko.xz", version, is_open, True)


def on_disk(*found: str, version: str = "550.163.01", running: str | None = None) -> ModulesState:
    """That module on disk for these kernels; ``running``: the version that is loaded."""
    return ModulesState(running=running, on_disk={kernel: (module(version),) for kernel in found})


LOADED = {Modules: ModulesState(running="550.163.01")}
NOT_LOADED = {Modules: ModulesState()}
MODULE = {"module": "nvidia-current"}
CARD = PciGpu("0000:03:00.0", "0x2204", 8, 16, "", "ampere")

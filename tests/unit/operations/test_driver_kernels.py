"""Headers and modules for every kernel, and their initial RAM file systems: facts in, commands out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.facts.dkms import Dkms, DkmsModule
from rigwright.facts.driver import DriverPackages, Offer, Offers
from rigwright.facts.kernels import Kernels
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.operations import initramfs
from rigwright.operations.driver import kernels
from tests.unit.operations.driver_hosts import (
    DEBIAN,
    META,
    NEW,
    OLD,
    WHOLE,
    boots,
    have,
    module,
    offered,
    on_disk,
    wanted,
)
from tests.unit.operations.harness import Case

TRIXIE = catalog().release("trixie")
HEADERS = {"release": TRIXIE}
WITH_META = PackagesState(installed={"linux-image-amd64": "1", "linux-headers-amd64": "1"})
GONE = {f"linux-headers-{OLD}": Offer(None, None)}
TODAY = offered("6.12.117-1", "linux-image-amd64", "linux-headers-amd64", f"linux-headers-{NEW}")
REMOVED = {"release": TRIXIE, "module": "nvidia-current"}
BOTH = PackagesState(installed={f"linux-image-{OLD}": "1", f"linux-image-{NEW}": "1"}, lists_current=True)


def two_kernels(**more: Any) -> dict[Any, Any]:
    """The old one's headers are in no source any more; the new one has all it needs."""
    return {
        Kernels: boots(OLD, NEW, headers=(NEW,), **more),
        Modules: on_disk(NEW),
        Packages: BOTH,
        Offers: {**TODAY, **GONE},
    }


UBUNTU = wanted("noble", source="distribution", branch=580)
SIGNED = "linux-modules-nvidia-580-server-open-6.8.0-126-generic"


def signed(found: Module | None) -> dict[Any, Any]:
    """A noble host with Ubuntu's ready-signed modules, and what is on its disk."""
    kernel = "6.8.0-126-generic"
    return {
        Kernels: boots(kernel, headers=(kernel,)),
        Modules: ModulesState(on_disk={kernel: (found,)} if found else {}),
        DriverPackages: have("6.8.0-126.126+1", SIGNED) | have("580.178.01-0ubuntu1", "nvidia-utils-580-server"),
    }


KERNELS = [
    Case("headers: all there", kernels.headers, HEADERS, {Kernels: boots(NEW, headers=(NEW,)), Packages: WITH_META}),
    Case("headers: no kernel (a container)", kernels.headers, HEADERS, {Kernels: boots(), Packages: PackagesState()}),
    Case(
        "headers: the metapackage is missing",
        kernels.headers,
        HEADERS,
        {Kernels: boots(NEW, headers=(NEW,)), Packages: META},
        has=[" linux-headers-amd64\n"],
        lacks=[f"linux-headers-{NEW}"],
    ),
    Case(
        "headers: one kernel's are missing",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, NEW, headers=(OLD,)), Packages: WITH_META, Offers: TODAY},
        has=[f" linux-headers-{NEW}\n"],
        why=[f"linux-headers-{NEW}: absent"],
    ),
    Case(
        "headers: an old kernel's are nowhere, the newest has its own",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, NEW, headers=(NEW,)), Packages: WITH_META, Offers: {**TODAY, **GONE}},
    ),
    Case(
        "headers: even the newest kernel's are nowhere, as on a host installed from an old image",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, running=OLD), Packages: META, Offers: {**TODAY, **GONE}},
        has=[" linux-headers-amd64=6.12.117-1 linux-image-amd64=6.12.117-1\n"],
        lacks=[f"linux-headers-{OLD}"],
    ),
    Case(
        "headers: refuses where no kernel with headers can be had",
        kernels.headers,
        HEADERS,
        {Kernels: boots("6.1.0-custom", running="6.1.0-custom"), Packages: PackagesState(), Offers: {}},
        refuses="kernel 6.1.0-custom has no headers here and none in any source",
    ),
    Case(
        "kernels that can never have a driver go",
        kernels.unbuildable_removed,
        REMOVED,
        two_kernels(),
        has=[f"--purge remove linux-image-{OLD}"],
        lacks=[f"linux-image-{NEW}"],
    ),
    Case("the running kernel stays, whatever it lacks", kernels.unbuildable_removed, REMOVED, two_kernels(running=OLD)),
    Case(
        "the kernel that the next boot starts stays", kernels.unbuildable_removed, REMOVED, two_kernels(next_boot=OLD)
    ),
    Case(
        "a kernel that has its module stays",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Modules: on_disk(OLD, NEW)},
    ),
    Case(
        "no kernel goes before apt has read what there is",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Packages: replace(BOTH, lists_current=False), Offers: {}},
    ),
    Case(
        "no kernel goes while the newest has no headers",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Kernels: boots(OLD, NEW), Offers: {**offered("1", "linux-image-amd64"), **GONE}},
    ),
    Case(
        "modules: one for every kernel",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {Kernels: boots(OLD, NEW, headers=(OLD, NEW)), Modules: on_disk(OLD, NEW), DriverPackages: WHOLE},
    ),
    Case(
        "modules: one is missing",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {
            Kernels: boots(OLD, NEW, headers=(OLD, NEW)),
            Modules: on_disk(OLD),
            DriverPackages: WHOLE,
            Dkms: {"nvidia-current": [DkmsModule("nvidia-current", "550.163.01", {OLD: "installed"})]},
        },
        has=[f"sh -s -- nvidia-current 550.163.01 {NEW}\n", "dkms install --force"],
        why=[f"kernel {NEW}: no module, wanted 550.163.01"],
    ),
    Case(
        "modules: one is of another version",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {
            Kernels: boots(NEW, headers=(NEW,)),
            Modules: on_disk(NEW, version="550.1"),
            DriverPackages: WHOLE,
            Dkms: {},
        },
        has=[f"nvidia-current 550.163.01 {NEW}"],
        why=[f"kernel {NEW}: module 550.1, wanted 550.163.01"],
    ),
    Case(
        "modules: none can be built without headers",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {Kernels: boots(OLD, headers=()), Modules: on_disk(), DriverPackages: WHOLE},
    ),
    Case(
        "modules: Ubuntu's ready-signed one comes back with its package",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(None),
        has=[f"--reinstall install {SIGNED}"],
        lacks=["dkms"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is of another version than the user space",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.95.05", "nvidia", is_open=True)),
        has=[f"--reinstall install {SIGNED}"],
        why=["kernel 6.8.0-126-generic: module 580.95.05, wanted 580.178.01"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is of the other flavour",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.178.01", "nvidia", is_open=False)),
        has=[f"--reinstall install {SIGNED}"],
        why=["kernel 6.8.0-126-generic: module 580.178.01 of the other flavour, wanted 580.178.01"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is right",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.178.01", "nvidia", is_open=True)),
    ),
    Case("initramfs: newer", initramfs.current, {}, {Kernels: boots(NEW)}),
    Case(
        "initramfs: none at all", initramfs.current, {}, {Kernels: boots(NEW, initrd_tool=None, modprobe_changed=200.0)}
    ),
    Case(
        "initramfs: older than the module configuration",
        initramfs.current,
        {},
        {Kernels: boots(NEW, modprobe_changed=200.0)},
        commands=[f"update-initramfs -u -k {NEW}"],
        why=[f"initial RAM file system of {NEW}: older than the files in /etc/modprobe.d"],
    ),
    Case(
        "initramfs: dracut",
        initramfs.current,
        {},
        {Kernels: boots(NEW, modprobe_changed=200.0, initrd_tool="dracut")},
        commands=[f"dracut --quiet --force --kver {NEW}"],
    ),
]


@pytest.mark.parametrize("case", KERNELS, ids=str)
def test_kernels(case: Case) -> None:
    case.check()

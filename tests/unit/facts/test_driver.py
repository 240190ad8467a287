"""What dpkg, apt, modinfo and dkms print, as recorded on Debian 13 and 12 hosts, and what is read from it."""

from __future__ import annotations

import pytest

from rigwright.facts.dkms import Dkms
from rigwright.facts.driver import DriverPackages, DriverRemains, Offers, upstream_version
from rigwright.facts.modules import Modules

DPKG = """\
ii |firmware-nvidia-gsp|550.163.01-2|nvidia-graphics-drivers
ii |glx-alternative-nvidia|1.2.2|glx-alternatives
hi |nvidia-modprobe|570.133.07-1|nvidia-modprobe
iF |nvidia-open-kernel-dkms|550.163.01-2|nvidia-open-gpu-kernel-modules
rc |nvidia-persistenced|550.163.01-1|nvidia-persistenced
ii |nvidia-support|20240109+1|nvidia-support
ii |nvidia-driver-cuda|580.105.08-1|nvidia-graphics-drivers
ii |nvidia-container-toolkit|1.18.0-1|nvidia-container-toolkit
ii |nvidia-cuda-toolkit|12.4.131~12.4.1-2|nvidia-cuda-toolkit
ii |linux-modules-nvidia-580-server-open-generic|6.8.0-126.126+1|linux-restricted-signatures
ii |nvidia-driver-pinning-580|580-1|nvidia-driver-pinning
ii |nvidia-smi|550.163.01-2|nvidia-graphics-drivers
"""


def test_packages_that_move_together() -> None:
    found = DriverPackages().process(DPKG.splitlines())
    assert {name: package.upstream for name, package in found.items()} == {
        "firmware-nvidia-gsp": "550.163.01",
        "nvidia-modprobe": "570.133.07",
        "nvidia-open-kernel-dkms": "550.163.01",
        "nvidia-driver-cuda": "580.105.08",
        "linux-modules-nvidia-580-server-open-generic": None,
        "nvidia-driver-pinning-580": None,
        "nvidia-smi": "550.163.01",
    }
    assert found["nvidia-open-kernel-dkms"].status == "iF"
    assert found["nvidia-driver-cuda"].branch == 580


def test_remains_of_a_driver_are_its_configuration_and_companions_too() -> None:
    found = DriverRemains().process(DPKG.splitlines())
    assert found["nvidia-persistenced"] == "configuration left"
    assert found["glx-alternative-nvidia"] == "1.2.2"
    assert found["nvidia-support"] == "20240109+1"
    assert "nvidia-cuda-toolkit" not in found
    assert "nvidia-container-toolkit" not in found


@pytest.mark.parametrize(
    ("version", "upstream"),
    [
        ("580.105.08-0ubuntu0.24.04.2", "580.105.08"),
        ("535.309.01-1~deb12u1", "535.309.01"),
        ("1:570.86.10-1", "570.86.10"),
        ("12.4.131~12.4.1-2", None),
        ("20240109+1", None),
        ("1.18.0-1", None),
        ("580-1", None),
    ],
)
def test_upstream_version(version: str, upstream: str | None) -> None:
    assert upstream_version(version) == upstream


POLICY = """\
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 https://developer.download.nvidia.com/compute/cuda/repos/debian13/x86_64  Packages
     release o=NVIDIA,l=NVIDIA CUDA,c=
     origin developer.download.nvidia.com
 500 http://mirror.example/debian trixie/non-free amd64 Packages
     release v=13.7,o=Debian,a=stable,n=trixie,l=Debian,c=non-free,b=amd64
     origin mirror.example
Pinned packages:
     nvidia-smi -> 580.105.08-1 with priority 1000
@offers
nvidia-smi:
  Installed: 550.163.01-2
  Candidate: 580.105.08-1
  Version table:
     580.105.08-1 1000
        500 https://developer.download.nvidia.com/compute/cuda/repos/debian13/x86_64  Packages
 *** 550.163.01-2 -1
        500 http://mirror.example/debian trixie/non-free amd64 Packages
        100 /var/lib/dpkg/status
linux-headers-6.12.43+deb13-amd64:
  Installed: (none)
  Candidate: (none)
  Version table:
"""


def test_two_builds_of_one_version_are_to_be_had_from_both() -> None:
    twice = POLICY.replace(
        " *** 550.163.01-2 -1",
        "     550.163.01-2 1000\n        500 https://developer.download.nvidia.com/x  Packages\n *** 550.163.01-2 -1",
    )
    smi = Offers().process(twice.splitlines())["nvidia-smi"]
    assert [place.priority for place in smi.versions["550.163.01-2"]] == [500, 500, 100]
    assert smi.priorities["550.163.01-2"] == 1000


def test_offers() -> None:
    found = Offers().process(POLICY.splitlines())
    smi = found["nvidia-smi"]
    assert (smi.installed, smi.candidate) == ("550.163.01-2", "580.105.08-1")
    assert smi.priorities == {"580.105.08-1": 1000, "550.163.01-2": -1}
    assert [(place.priority, place.origin) for place in smi.versions["550.163.01-2"]] == [(500, "Debian"), (100, "")]
    (vendor,) = smi.versions["580.105.08-1"]
    assert vendor.origin == "NVIDIA"
    assert "developer.download.nvidia.com" in vendor.line
    assert found["linux-headers-6.12.43+deb13-amd64"].candidate is None


MODINFO = """\
proc NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.105.08  Release Build  (dvs-builder@U22)
proc GCC version:  gcc version 14.2.0 (Debian 14.2.0-19)
loaded nvidia
loaded nouveau
module 6.12.117+deb13-amd64 nvidia-current
filename:       /lib/modules/6.12.117+deb13-amd64/updates/dkms/nvidia-current.ko.xz
version:        550.163.01
license:        NVIDIA
signer:         DKMS module signing key
module 6.12.130+deb13-amd64 nvidia
filename:       /lib/modules/6.12.130+deb13-amd64/updates/dkms/nvidia.ko.xz
version:        580.105.08
license:        Dual MIT/GPL
blacklist nouveau
blacklist nova-core
"""


def test_modules() -> None:
    found = Modules().process(MODINFO.splitlines())
    assert (found.running, found.running_open) == ("580.105.08", True)
    assert found.loaded == {"nvidia", "nouveau"}
    proprietary = found.module("6.12.117+deb13-amd64", "nvidia-current")
    assert proprietary is not None
    assert (proprietary.version, proprietary.open, proprietary.signed) == ("550.163.01", False, True)
    built = found.module("6.12.130+deb13-amd64", "nvidia")
    assert built is not None
    assert (built.open, built.signed) == (True, False)
    assert found.module("6.12.130+deb13-amd64", "nvidia-current") is None
    assert found.blacklisted == {"nouveau", "nova_core"}


@pytest.mark.parametrize(
    ("line", "version", "is_open"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025",
            "550.163.01",
            False,
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  615.71.09  Release Build", "615.71.09", True),
    ],
)
def test_loaded_module(line: str, version: str, is_open: bool) -> None:
    found = Modules().process([f"proc {line}"])
    assert (found.running, found.running_open) == (version, is_open)


def test_dkms_of_both_generations() -> None:
    found = Dkms().process(
        [
            "nvidia-current/550.163.01, 6.12.117+deb13-amd64, x86_64: installed",
            "nvidia-current/550.163.01, 6.12.130+deb13-amd64, x86_64: installed (Differences between built and …)",
            "nvidia-current-open/550.163.01: added",
            "nvidia, 580.95.05, 5.15.0-25-generic, x86_64: built",
        ]
    )
    (current,) = found["nvidia-current"]
    assert current.kernels == {"6.12.117+deb13-amd64": "installed", "6.12.130+deb13-amd64": "installed"}
    assert current.differs == {"6.12.130+deb13-amd64"}
    assert found["nvidia-current-open"][0].kernels == {}
    assert found["nvidia"][0].kernels == {"5.15.0-25-generic": "built"}

"""What the proof of the driver makes of a loaded driver, which no throw-away host has."""

from __future__ import annotations

import pytest

from rigwright.catalog import catalog
from rigwright.choice.driver import wanted_driver
from rigwright.facts.driver import DriverPackage
from rigwright.spec.rig import Rig
from tests.host import test_driver as proof
from tests.host.answers import CouldNotTell
from tests.host.reading import Answers

RELEASE = catalog().release("bookworm")
WANTED = wanted_driver(
    Rig.model_validate({"name": "x", "driver": {"source": "nvidia", "branch": 580}}), RELEASE, catalog(), ["ampere"]
)
PACKAGES = {name: DriverPackage(name, "580.105.08-1", "580.105.08", "ii") for name in WANTED.packages.packages}
FELL_OFF = "NVRM: Xid (PCI:0000:03:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."


def proc(version: str) -> str:
    """/proc/driver/nvidia/version of that driver."""
    return (
        f"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {version}  Release Build  (archive-team)\n"
        "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)"
    )


def saying(**other: str) -> Answers:
    """A machine whose driver runs as it is installed, of which something is otherwise."""
    return Answers(
        {
            "container": "none",
            "loaded": "",
            "running": proc("580.105.08"),
            "release": "id=debian\ncodename=bookworm\nkernel_running=6.1.0-40-amd64\nboot_id=1",
            "modules": "6.1.0-40-amd64|nvidia|580.105.08|Dual MIT/GPL|/lib/modules/k/updates/dkms/nvidia.ko",
            "key": "",
            "smi": "0, 580.105.08, Enabled\n1, 580.105.08, Enabled",
            "xid": "end\nkernel: Linux version 6.1.0-40-amd64",
            **other,
        }
    )


def test_what_is_loaded_is_what_is_installed() -> None:
    proof.test_loaded(saying(), PACKAGES, WANTED, RELEASE)
    proprietary = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.105.08  Tue Oct 28 2025"
    proof.test_loaded(saying(running=proprietary), PACKAGES, WANTED, RELEASE)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"running": proc("580.95.05")}, r"driver 580\.95\.05 is loaded, 580\.105\.08 is installed: reboot"),
        ({"running": ""}, "no NVIDIA driver is loaded. Reboot, or look at: modprobe nvidia"),
        ({"loaded": "nouveau"}, "nouveau is loaded: reboot"),
        ({"smi": "0, 580.105.08, Enabled\n1, 580.95.05, Enabled"}, "nvidia-smi says"),
        ({"smi": ""}, "nvidia-smi says nothing; wanted driver 580.105.08"),
    ],
)
def test_another_driver_is_loaded(other: dict[str, str], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        proof.test_loaded(saying(**other), PACKAGES, WANTED, RELEASE)


def test_secure_boot_keeps_the_driver_out() -> None:
    release = saying()["release"] + "\nsecure_boot=1"
    key = "/var/lib/dkms/mok.pub is not enrolled"
    with pytest.raises(AssertionError, match=r"no NVIDIA driver is loaded\. Secure Boot is on: .*mokutil --import"):
        proof.test_loaded(saying(running="", release=release, key=key), PACKAGES, WANTED, RELEASE)


def test_a_card_that_fell_off_the_bus_is_in_the_journal() -> None:
    proof.test_no_xid(saying(), WANTED)
    with pytest.raises(AssertionError, match=r"since boot: NVRM: Xid \(PCI:0000:03:00\): 79"):
        proof.test_no_xid(saying(xid=f"{FELL_OFF}\nend\nkernel: {FELL_OFF}"), WANTED)
    with pytest.raises(CouldNotTell, match="no kernel messages of this boot"):
        proof.test_no_xid(saying(xid="end"), WANTED)


def test_a_container_has_no_driver_of_its_own() -> None:
    for ask in (
        lambda seen: proof.test_loaded(seen, PACKAGES, WANTED, RELEASE),
        lambda seen: proof.test_no_xid(seen, WANTED),
    ):
        with pytest.raises(CouldNotTell, match=r"a container \(systemd-nspawn\) has no kernel"):
            ask(saying(container="systemd-nspawn", running="", xid=f"{FELL_OFF}\nend\nx"))

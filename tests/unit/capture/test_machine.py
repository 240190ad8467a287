"""What is captured of the machine, its disks and its cards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.capture import cards, hardware, storage
from rigwright.capture.part import FILL_IN
from rigwright.facts.card_limits import CardLimit
from rigwright.facts.daemon_settings import DaemonSettings
from rigwright.facts.disks import DisksState, Filesystem, Mount
from rigwright.facts.machine import MachineState, SeenDrive
from rigwright.facts.swap import ActiveSwap, SwapState
from tests.unit.capture.hosts import (
    ENABLED,
    FS_UUID,
    OTHER_UUID,
    UUID,
    card,
    hand,
    installed,
    said,
    seen,
    smi,
)

DRIVES = (SeenDrive("nvme0n1", "SPCC M.2", "S1", 2_000_398_934_016, system=True),
          SeenDrive("sda", "", None, 4_000_787_030_016, system=False))  # fmt: skip
REFERENCE = MachineState(
    "X99 WS-E", "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", (16.0,) * 8, 125.7, {"0000:03:00.0": "PCIE1"}, DRIVES
)


def test_the_parts_of_the_reference_machine() -> None:
    part = hardware.captured(seen(machine=REFERENCE, gpus=[card()], cards=[smi()]))
    found = part.values["hardware"]
    assert (found["board"], found["cpu"], found["ram_gib"]) == ("ASRock X99 WS-E", "Xeon E5-2680 v4", 128)
    assert found["storage"] == {
        "system": {"model": "SPCC M.2", "serial": "S1", "size_gb": 2000},
        "drive1": {"model": "not told", "size_gb": 4001},
    }
    (gpu,) = found["gpus"]
    assert (gpu["model"], gpu["slot"], gpu["uuid"], gpu["pci"], gpu["pcie_width"]) == (
        "GeForce RTX 3090", "PCIE1", UUID, "0000:03:00.0", 16,
    )  # fmt: skip
    assert gpu["cables"].startswith(FILL_IN) and "['8-pin', '8-pin']" in gpu["cables"]
    assert found["psus"]["main"]["rated_w"].startswith(FILL_IN)
    assert said(part) == []


def test_a_slot_that_the_boards_manual_names_and_the_firmware_does_not_is_to_be_filled_in() -> None:
    machine = MachineState("X99 WS-E", slots={"0000:03:00.0": "PCI-E SLOT #1"})
    (gpu,) = hardware.captured(seen(machine=machine, gpus=[card()])).values["hardware"]["gpus"]
    assert gpu["slot"].startswith(FILL_IN) and "PCIE7" in gpu["slot"]
    (gpu,) = hardware.captured(seen(gpus=[card()])).values["hardware"]["gpus"]
    assert gpu["slot"] == "PCI-03-00-0", "of an unknown board any name will do"


def test_without_the_firmwares_tables_memory_is_rounded_up() -> None:
    part = hardware.captured(seen(machine=MachineState(total_gib=125.7)))
    assert part.values["hardware"]["ram_gib"] == 128 and "125.7 GiB" in part.comments["hardware", "ram_gib"]
    told = hardware.captured(seen(machine=MachineState(modules=(16.0, 16.0), total_gib=31.0)))
    assert told.values["hardware"]["ram_gib"] == 32 and not told.comments


def test_parts_that_the_catalogue_lacks_are_said() -> None:
    part = hardware.captured(seen(machine=MachineState("Z9", "Some CPU"), gpus=[card(device="0xffff")]))
    assert said(part) == ["hardware.unknown-board", "hardware.unknown-cpu", "hardware.unknown-card"]
    assert part.values == {}


def test_a_containers_parts_are_another_machines() -> None:
    part = hardware.captured(seen(container="systemd-nspawn", machine=REFERENCE, gpus=[card()]))
    assert set(part.values["hardware"]) == {"gpus", "psus"} and said(part) == ["hardware.container"]


FSTAB = f"""
# a comment
UUID=1111-root / ext4 errors=remount-ro 0 1
UUID={FS_UUID} /srv/models ext4 noatime,nofail,x-rigwright.disk=weights 0 2
/dev/sdc1 /data xfs defaults 0 0
LABEL=gone /gone ext4 defaults 0 2
UUID=1111-root /srv/www btrfs subvol=@www 0 0
nas:/export /mnt/nas nfs defaults 0 0
UUID=2222-home /home ext4 defaults 0 2
"""


def test_data_disks_are_known_by_uuid() -> None:
    disks = DisksState(
        filesystems=(Filesystem("/dev/sdc1", "4444-beef", "xfs"),),
        mounts=(Mount("/data", "/dev/sdc1", "xfs", ("rw",)),),
        serials={"/dev/sdc": "DATA9"},
    )
    part = storage.captured(seen(swap=SwapState((), FSTAB, None, False, ()), disks=disks))
    assert part.values["base"]["disks"] == {
        "weights": {"uuid": FS_UUID, "mount": "/srv/models", "fs": "ext4", "options": ["noatime"]},
        "data": {"uuid": "4444-beef", "mount": "/data", "fs": "xfs", "options": []},
    }
    assert part.comments["base", "disks", "data"] == "On the drive DATA9."
    assert said(part) == [
        "base.disk-unknown", "base.disk-of-the-system", "base.disk-kind", "base.disk-of-the-system",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "swap", "notes"),
    [
        pytest.param({}, {"kind": "none"}, [], id="none"),
        pytest.param(
            {"swap": SwapState((ActiveSwap("/swapfile", "file", 1),), "/swapfile none swap sw", 4 * 2**30, True, ())},
            {"kind": "file", "size_gib": 4}, [], id="a file of whole GiB",
        ),
        pytest.param(
            {"swap": SwapState((ActiveSwap("/dev/sda3", "partition", 1),), "", None, False, ())},
            {"kind": "keep"}, ["base.swap"], id="a partition",
        ),
        pytest.param(
            {"swap": SwapState((), "#/swap.img none swap sw 0 0", None, False, ())},
            {"kind": "none"}, [], id="a line that is taken back",
        ),
        pytest.param(
            {"swap": SwapState((), "/swap.img none swap sw 0 0", None, False, ())},
            {"kind": "keep"}, ["base.swap"], id="a file of another name, at the next boot",
        ),
        pytest.param(
            {"swap": SwapState((ActiveSwap("/dev/sda3", "partition", 1),), "", None, False, ()), "container": "lxc"},
            {"kind": "none"}, [], id="in a container what is in use is the machine's",
        ),
        pytest.param(
            {
                "packages": installed("systemd-zram-generator"),
                "daemons": DaemonSettings(systemd={("zram-generator.conf", "zram-size"): "8192"}),
            },
            {"kind": "zram", "size_gib": 8}, [], id="compressed memory",
        ),
    ],
)  # fmt: skip
def test_swap(more: dict[str, Any], swap: dict[str, Any], notes: list[str]) -> None:
    part = storage.captured(seen(**more))
    assert part.values["base"]["swap"] == swap and said(part) == notes


def test_limits_that_are_not_the_cards_own_need_a_keeper() -> None:
    part = cards.captured(seen(limits=[CardLimit(UUID, 280.0, 350.0), CardLimit(OTHER_UUID, 280.0, 350.0)]))
    assert part.values == {"power": {"limit_w": 280}, "rigd": {"state": "present"}}
    part = cards.captured(seen(limits=[CardLimit(UUID, 350.0, 350.0), CardLimit(OTHER_UUID, 250.0, 350.0)]))
    assert part.values["power"] == {"cards": {OTHER_UUID: {"limit_w": 250}}}
    assert ("rigd", "state") not in part.comments
    part = cards.captured(seen(limits=[CardLimit(UUID, 350.0, 350.0)]))
    assert part.values == {"rigd": {"state": "absent"}} and ("rigd", "state") in part.comments


def test_clocks_are_known_by_who_locks_them_alone() -> None:
    calls = ("nvidia-smi -pl 280", "nvidia-smi --lock-gpu-clocks=210,1695", "nvidia-smi -i 0 -lmc 405")
    part = cards.captured(seen(hand=hand(smi=calls)))
    assert part.values == {"clocks": {"graphics_mhz": [210, 1695]}, "rigd": {"state": "present"}}
    assert said(part) == ["clocks.of-one-card", "rigd.nvidia-smi"]


def test_what_rigd_keeps_is_read_back() -> None:
    def entry(match: dict[str, Any], limit: int) -> dict[str, Any]:
        return {
            "match": match,
            "power": {"limit_w": limit, "least_w": None, "priority": 1, "draws": {}},
            "clocks": {"graphics_mhz": [210, 1800], "memory_mhz": None},
            "fans": {"curve": [[40, 30], [80, 100]], "memory_curve": None, "per_fan": {}, "hysteresis_c": 3},
            "critical": {"temperature_c": 92, "command": None},
        }

    document = {"poll_s": 1.0, "raise_w_per_s": 10,
                "cards": [entry({"uuid": UUID}, 250), entry({"any": True}, 280)]}  # fmt: skip
    part = cards.captured(seen(rigd_json=json.dumps(document), units={"rigd.service": ENABLED}))
    assert part.values["power"] == {"raise_w_per_s": 10, "limit_w": 250, "priority": 1}, "one card: all are alike"
    assert part.values["clocks"] == {"graphics_mhz": [210, 1800]}
    assert part.values["fans"] == {"curve": [[40, 30], [80, 100]], "hysteresis_c": 3}
    assert part.values["rigd"] == {"state": "present", "poll_s": 1.0, "critical": {"temperature_c": 92}}
    document["cards"] = [entry({"uuid": UUID}, 250), entry({"uuid": OTHER_UUID}, 280), entry({"any": True}, 280)]
    part = cards.captured(seen(rigd_json=json.dumps(document), units={"rigd.service": ENABLED}))
    assert part.values["power"] == {
        "raise_w_per_s": 10, "limit_w": 280, "priority": 1, "cards": {UUID: {"limit_w": 250}},
    }  # fmt: skip

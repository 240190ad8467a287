"""What the proof of the hardware makes of what a machine says of its parts; throw-away hosts have none of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rigwright.spec.rig import Rig
from tests.host import test_hardware as proof
from tests.host.answers import CouldNotTell
from tests.host.reading import Answers
from tests.unit.rules.case import card

UUIDS = [f"GPU-{digit * 8}-2222-3333-4444-555555555555" for digit in "12"]
CARDS = [proof.Card("NVIDIA GeForce RTX 3090", uuid, "16") for uuid in UUIDS]
DRIVES = [
    {"name": "nvme0n1", "serial": "S1", "size": 2_000_398_934_016, "type": "disk"},
    {"name": "sda", "serial": None, "size": 4_000_787_030_016, "type": "disk"},
    {"name": "sr0", "serial": "S2", "size": 1_000_000_000, "type": "rom"},
]
MACHINE = Answers(
    {
        "board": "X99 WS-E",
        "cpu": "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
        "memory": "16 GB\n" * 8 + "No Module Installed\n",
        "total": "131894300 kB",
        "drives": json.dumps({"blockdevices": DRIVES}),
        "bus": "0x2204 16\n0x2204 16",
        "lspci": '0000:03:00.0 "0300" "10de" "2204"\n0000:04:00.0 "0300" "10de" "2204"',
        "addresses": "00000000:03:00.0\n00000000:04:00.0",
    }
)


def rig(**hardware: Any) -> Rig:
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, "hardware": hardware}, strict=False)


def two(*more: Mapping[str, Any]) -> Rig:
    """Two RTX 3090, each with this in addition."""
    return rig(gpus=[card(slot, **each) for slot, each in zip(("PCIE1", "PCIE5"), more or ({}, {}), strict=True)])


def saying(**other: str) -> Answers:
    """The machine, of which something is otherwise."""
    return Answers({**MACHINE, **{name.replace("_", " "): text for name, text in other.items()}})


def test_board() -> None:
    declared = rig(board="ASRock X99 WS-E")
    proof.test_board(MACHINE, declared)
    with pytest.raises(AssertionError, match="the firmware names Z10PE-D8 WS, declared ASRock X99 WS-E"):
        proof.test_board(saying(board="Z10PE-D8 WS"), declared)
    with pytest.raises(CouldNotTell, match="does not name the board"):
        proof.test_board(saying(board=""), declared)


def test_cpu() -> None:
    declared = rig(cpu="Xeon E5-2680 v4")
    proof.test_cpu(MACHINE, declared)
    with pytest.raises(AssertionError, match=r"E5-2620 v3 @ 2.40GHz, declared Xeon E5-2680 v4"):
        proof.test_cpu(saying(cpu="Intel(R) Xeon(R) CPU E5-2620 v3 @ 2.40GHz"), declared)


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ("16 GB\n" * 7 + "No Module Installed\n", "modules of 112 GiB in all, declared 128 GiB"),
        ("16384 MB\n" * 9, "modules of 144 GiB in all, declared 128 GiB"),
    ],
)
def test_memory_by_its_modules(memory: str, said: str) -> None:
    proof.test_memory(MACHINE, rig(ram_gib=128))
    proof.test_memory(saying(memory="16384 MB\n" * 8), rig(ram_gib=128))
    with pytest.raises(AssertionError, match=said):
        proof.test_memory(saying(memory=memory), rig(ram_gib=128))


@pytest.mark.parametrize("kib", ["115343360", "136314880"])
def test_memory_where_nothing_lists_modules(kib: str) -> None:
    """110 GiB and 130 GiB are no 128."""
    proof.test_memory(saying(memory=""), rig(ram_gib=128))
    with pytest.raises(AssertionError, match="GiB in use, declared 128 GiB"):
        proof.test_memory(saying(memory="", total=f"{kib} kB"), rig(ram_gib=128))


@pytest.mark.parametrize(
    ("drive", "said"),
    [
        ({"serial": "S3", "size_gb": 2000}, r"fast \(SP, serial S3\) is not there; drives: S1, None"),
        ({"serial": "S2", "size_gb": 1}, r"fast \(SP, serial S2\) is not there"),
        ({"serial": "S1", "size_gb": 1000}, r"fast \(SP, serial S1\): 2000 GB, declared 1000 GB"),
        ({"size_gb": 1000}, r"fast \(SP\): 2000 GB, 4001 GB, declared 1000 GB"),
    ],
)
def test_drives(drive: dict[str, Any], said: str) -> None:
    for there in ({"serial": "S1", "size_gb": 2000}, {"size_gb": 4000}):
        proof.test_drives(MACHINE, rig(storage={"fast": {"model": "SP", **there}}))
    with pytest.raises(AssertionError, match=said):
        proof.test_drives(MACHINE, rig(storage={"fast": {"model": "SP", **drive}}))


def test_cards_on_the_bus() -> None:
    proof.test_the_cards_on_the_bus_are_those_declared(MACHINE, two())
    for bus in ("0x2204 16", "0x2204 16\n0x2684 16", ""):
        with pytest.raises(AssertionError, match=r"on the bus: .*; declared: 2 of GeForce RTX 3090"):
            proof.test_the_cards_on_the_bus_are_those_declared(saying(bus=bus), two())


def test_cards_that_the_driver_sees() -> None:
    proof.test_the_driver_sees_the_cards_declared(CARDS, two())
    for seen in (CARDS[:1], [CARDS[0], proof.Card("NVIDIA GeForce RTX 4090", UUIDS[1], "16")]):
        with pytest.raises(AssertionError, match=r"the driver sees 1 of .*; declared: 2 of NVIDIA GeForce RTX 3090"):
            proof.test_the_driver_sees_the_cards_declared(seen, two())


def test_a_card_that_has_fallen_off_the_bus() -> None:
    proof.test_every_card_on_the_bus_answers(CARDS, MACHINE, two())
    with pytest.raises(AssertionError, match=r"on the bus, but not answering: 0000:04:00\.0"):
        proof.test_every_card_on_the_bus_answers(CARDS[:1], saying(addresses="00000000:03:00.0"), two())
    one = saying(lspci=MACHINE.lines("lspci")[0], addresses="00000000:03:00.0")
    with pytest.raises(AssertionError, match="lspci counts 1 cards, the driver 1, declared are 2"):
        proof.test_every_card_on_the_bus_answers(CARDS[:1], one, two())


def test_these_very_cards() -> None:
    declared = two({"uuid": UUIDS[0]}, {"uuid": UUIDS[1]})
    proof.test_these_very_cards_are_there(CARDS, declared)
    with pytest.raises(AssertionError, match=f"declared and not there: {UUIDS[1]}"):
        proof.test_these_very_cards_are_there(CARDS[:1], declared)


def test_lanes() -> None:
    by_place, by_card = two({"pcie_width": 16}, {"pcie_width": 16}), two({"pcie_width": 16, "uuid": UUIDS[0]}, {})
    for declared in (by_place, by_card):
        proof.test_the_links_have_their_lanes(CARDS, MACHINE, declared)
    with pytest.raises(AssertionError, match="links on the bus: 1 of x16, 1 of x8; declared: 2 of x16"):
        proof.test_the_links_have_their_lanes(CARDS, saying(bus="0x2204 16\n0x2204 8"), by_place)
    narrow = [proof.Card(CARDS[0].name, UUIDS[0], "8"), CARDS[1]]
    with pytest.raises(AssertionError, match=f"{UUIDS[0]} in PCIE1: x8, declared x16"):
        proof.test_the_links_have_their_lanes(narrow, MACHINE, by_card)


def _counting(before: str, after: str) -> Answers:
    return saying(errors_before=before, errors_after=after)


def test_links_that_count_errors() -> None:
    quiet, one_more = "RxErr 3\nTOTAL_ERR_COR 3\nTOTAL_ERR_COR 0", "RxErr 4\nTOTAL_ERR_COR 4\nTOTAL_ERR_COR 0"
    proof.test_the_links_count_no_errors(_counting(quiet, quiet), two())
    with pytest.raises(AssertionError, match="1 correctable PCIe errors within a second"):
        proof.test_the_links_count_no_errors(_counting(quiet, one_more), two())
    with pytest.raises(CouldNotTell, match="no AER"):
        proof.test_the_links_count_no_errors(_counting("", ""), two())

"""The files that tell of simulated GPUs."""

import dataclasses
import json
import struct
from pathlib import Path

from sim.gpu.model import configuration, from_record
from sim.gpu.models import card, rtx3090s
from sim.gpu.pci import config_space, write_tree

CARD = card("rtx3090", 1, pcie_gen_current=3, pcie_width_current=8)


def test_cards_differ_in_place_and_uuid() -> None:
    first, second = rtx3090s(2)
    assert (first.address, second.address) == ("0000:03:00.0", "0000:04:00.0")
    assert first.uuid != second.uuid
    assert first == card("rtx3090", 0)


def test_a_card_survives_being_written_down() -> None:
    assert from_record(json.loads(json.dumps(dataclasses.asdict(CARD)))) == CARD


def test_the_configuration_has_a_section_a_card() -> None:
    text = configuration(rtx3090s(2), driver_version="580.95.05")
    assert text.count("[gpu]") == 2
    assert "driver_version=580.95.05\n" in text
    assert "pci_device_id=0x220410de\n" in text


def test_every_card_has_a_display_and_an_audio_function(tmp_path: Path) -> None:
    write_tree(tmp_path, [CARD])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000:04:00.0", "0000:04:00.1"]
    display, audio = tmp_path / "0000:04:00.0", tmp_path / "0000:04:00.1"
    assert (display / "class").read_text() == "0x030000\n"
    assert (audio / "class").read_text() == "0x040300\n"
    assert (display / "current_link_width").read_text() == "8\n"
    assert (display / "current_link_speed").read_text() == "8.0 GT/s PCIe\n"
    assert (display / "max_link_speed").read_text() == "16.0 GT/s PCIe\n"
    assert "TOTAL_ERR_COR 0" in (display / "aer_dev_correctable").read_text().splitlines()


def test_the_configuration_space_leads_to_its_link_status() -> None:
    space = config_space(CARD, 0x030000, 0x2204)
    assert struct.unpack_from("<HH", space, 0) == (0x10DE, 0x2204)
    found = {}
    at = space[0x34]
    while at:
        found[space[at]] = at
        at = space[at + 1]
    express = found[0x10]
    (capabilities,) = struct.unpack_from("<I", space, express + 0x0C)
    (status,) = struct.unpack_from("<H", space, express + 0x12)
    assert (capabilities & 0xF, capabilities >> 4 & 0x3F) == (4, 16)
    assert (status & 0xF, status >> 4 & 0x3F) == (3, 8)


def test_a_record_of_another_version_is_read_for_what_is_known() -> None:
    raw = {**dataclasses.asdict(CARD), "colour": "green"}
    assert from_record(json.loads(json.dumps(raw))) == CARD

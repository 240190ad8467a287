"""The machine itself: what it reports of its parts, against what is declared."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

GB, GIB = 10**9, 2**30
SMI = "nvidia-smi --query-gpu=name,uuid,pcie.link.width.current --format=csv,noheader,nounits"
BUS = """for d in /sys/bus/pci/devices/*; do
    [ "$(cat $d/vendor)" = 0x10de ] || continue
    case "$(cat $d/class)" in 0x0300*|0x0302*) echo "$(cat $d/device) $(cat $d/current_link_width)" ;; esac
done"""
AT = """for d in /sys/bus/pci/devices/*; do
    [ "$(cat $d/vendor)" = 0x10de ] && echo "${d##*/} $(cat $d/device)"
done"""
ERRORS = "cat $(find -L /sys/bus/pci/devices -mindepth 2 -maxdepth 2 -name aer_dev_correctable)"


@dataclass(frozen=True)
class Card:
    """One card, as nvidia-smi tells of it."""

    name: str
    uuid: str
    width: str


@pytest.fixture(scope="session")
def seen(host: Host) -> Answers:
    return ask(
        host,
        {
            "container": "systemd-detect-virt --container",
            "bus": BUS,
            "at": AT,
            "lspci": 'lspci -D -n -mm | grep -E \'^[^ ]+ "(0300|0302)" "10de"\'',
            "addresses": "timeout 30 nvidia-smi --query-gpu=pci.bus_id --format=csv,noheader",
            "errors before": ERRORS,
            "errors after": f"sleep 1; {ERRORS}",
            "smi": f"timeout 30 {SMI}",
            "board": "cat /sys/class/dmi/id/board_name",
            "cpu": "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u",
            "memory": "dmidecode -t memory | sed -n 's/^\\tSize: //p'",
            "total": "sed -n 's/^MemTotal: *//p' /proc/meminfo",
            "drives": "lsblk --json --bytes --nodeps --output NAME,SERIAL,SIZE,TYPE",
        },
    )


@pytest.fixture
def machine(seen: Answers) -> Answers:
    """What is seen, where it is the host's own."""
    if seen["container"] not in ("", "none"):
        could_not_tell(f"a container ({seen['container']}) shows the parts of the machine that it runs on")
    return seen


@pytest.fixture
def cards(seen: Answers, rig: Rig) -> list[Card]:
    """The cards that a loaded driver tells of."""
    if not rig.hardware.gpus:
        return []
    found = [Card(*line.split(", ")) for line in seen.lines("smi") if line.count(", ") == 2 and "GPU-" in line]
    if not found:
        could_not_tell(f"nvidia-smi tells of no card: {(seen.lines('smi') or ['no answer'])[-1]}")
    return found


@proves("hardware.gpus.model")
def test_the_cards_on_the_bus_are_those_declared(seen: Answers, rig: Rig) -> None:
    """The cards on the PCI bus are those declared."""
    known = {f"0x{device}": name for name, model in catalog().gpus.items() for device in model.devices}
    found = Counter(known.get(line.split()[0], line.split()[0]) for line in seen.lines("bus"))
    declared = Counter(card.model for card in rig.hardware.gpus)
    assert found == declared, f"on the bus: {_listed(found)}; declared: {_listed(declared)}"


@proves("hardware.gpus.model")
def test_the_driver_sees_the_cards_declared(cards: list[Card], rig: Rig) -> None:
    """The driver sees the cards declared."""
    found = Counter(card.name for card in cards)
    declared = Counter(catalog().gpus[card.model].nvml for card in rig.hardware.gpus)
    assert found == declared, f"the driver sees {_listed(found)}; declared: {_listed(declared)}"


@proves("hardware.gpus.model")
def test_every_card_on_the_bus_answers(cards: list[Card], seen: Answers, rig: Rig) -> None:
    """Every card on the bus answers: lspci and the driver count as many as are declared."""
    on_bus = {line.split()[0].lower() for line in seen.lines("lspci")}
    answering = {line.strip().lower()[-12:] for line in seen.lines("addresses") if line.count(":") == 2}
    silent = sorted(on_bus - answering)
    assert not silent, f"on the bus, but not answering: {', '.join(silent)} (fallen off? power, riser, heat)"
    counts = (len(on_bus), len(cards), len(rig.hardware.gpus))
    assert len(set(counts)) == 1, f"lspci counts {counts[0]} cards, the driver {counts[1]}, declared are {counts[2]}"


@proves("hardware.gpus.pcie_width")
def test_the_links_count_no_errors(seen: Answers, rig: Rig) -> None:
    """No PCIe link counts errors."""
    if not rig.hardware.gpus:
        return
    before, after = _errors(seen["errors before"]), _errors(seen["errors after"])
    if before is None or after is None:
        could_not_tell("the kernel counts no PCIe errors here (no AER)")
    assert after == before, f"{after - before} correctable PCIe errors within a second: a riser or a contact"


@proves("hardware.gpus.uuid")
def test_these_very_cards_are_there(cards: list[Card], rig: Rig) -> None:
    """The very cards that are declared are there."""
    missing = {card.uuid for card in rig.hardware.gpus if card.uuid} - {card.uuid for card in cards}
    assert not missing, f"declared and not there: {', '.join(sorted(missing))}"


@proves("hardware.gpus.pci")
def test_the_cards_are_at_their_addresses(seen: Answers, rig: Rig) -> None:
    """The cards are at the PCI addresses declared."""
    models = {f"0x{device}": name for name, model in catalog().gpus.items() for device in model.devices}
    at = {address: models.get(device, device) for address, device in (line.split() for line in seen.lines("at"))}
    for card in rig.hardware.gpus:
        if card.pci is not None:
            have = at.get(card.pci, "nothing of NVIDIA's")
            assert have == card.model, f"at {card.pci} there is {have}, declared {card.model} (in {card.slot})"


@proves("hardware.gpus.pcie_width")
def test_the_links_have_their_lanes(cards: list[Card], seen: Answers, rig: Rig) -> None:
    """The cards' links have the lanes declared."""
    width_of = {card.uuid: card.width for card in cards}
    for card in rig.hardware.gpus:
        if card.pcie_width and card.uuid in width_of:
            have = width_of[card.uuid]
            assert have == str(card.pcie_width), f"{card.uuid} in {card.slot}: x{have}, declared x{card.pcie_width}"
    declared = Counter(str(card.pcie_width) for card in rig.hardware.gpus if card.pcie_width and not card.uuid)
    found = Counter(line.split()[1] for line in seen.lines("bus") if len(line.split()) > 1)
    short = declared - found
    assert not short, f"links on the bus: {_widths(found)}; declared: {_widths(declared)}"


@proves("hardware.board")
def test_board(machine: Answers, rig: Rig) -> None:
    """The mainboard is the one declared."""
    if rig.hardware.board is not None:
        have = machine["board"].strip()
        if not have:
            could_not_tell("the firmware does not name the board")
        assert _plain(have) in _plain(rig.hardware.board), f"the firmware names {have}, declared {rig.hardware.board}"


@proves("hardware.cpu")
def test_cpu(machine: Answers, rig: Rig) -> None:
    """The processor is the one declared."""
    if rig.hardware.cpu is not None:
        wanted = catalog().machine.cpus[rig.hardware.cpu].cpuinfo
        assert wanted in machine["cpu"], f"{machine['cpu']}, declared {rig.hardware.cpu}"


@proves("hardware.ram_gib")
def test_memory(machine: Answers, rig: Rig) -> None:
    """The memory is as much as declared."""
    if rig.hardware.ram_gib is None:
        return
    modules = [line.split() for line in machine.lines("memory") if line.split()[-1:] in (["GB"], ["MB"])]
    if modules:
        have = sum(int(size) * (1024 if unit == "GB" else 1) for size, unit in modules) / 1024
        assert have == rig.hardware.ram_gib, f"modules of {have:g} GiB in all, declared {rig.hardware.ram_gib} GiB"
    else:  # what the kernel has is a few per cent less than what is plugged in
        have = int(machine["total"].split()[0]) * 1024 / GIB
        assert 0.9 < have / rig.hardware.ram_gib <= 1, f"{have:.1f} GiB in use, declared {rig.hardware.ram_gib} GiB"


@proves("hardware.storage.serial", "hardware.storage.size_gb")
def test_drives(machine: Answers, rig: Rig) -> None:
    """The drives declared are there."""
    found = [(drive["serial"], int(drive["size"]) / GB) for drive in json.loads(machine["drives"])["blockdevices"]
             if drive["type"] == "disk"]  # fmt: skip
    for name, drive in rig.hardware.storage.items():
        sizes = [size for serial, size in found if drive.serial in (None, serial)]
        what = f"{name} ({drive.model}{f', serial {drive.serial}' if drive.serial else ''})"
        assert sizes, f"{what} is not there; drives: {', '.join(str(serial) for serial, _ in found)}"
        near = [size for size in sizes if 0.93 < size / drive.size_gb < 1.07]
        assert near, f"{what}: {', '.join(f'{size:.0f} GB' for size in sizes)}, declared {drive.size_gb} GB"


def _errors(text: str) -> int | None:
    totals = [int(line.split()[1]) for line in text.splitlines() if line.startswith("TOTAL_ERR_COR")]
    return sum(totals) if totals else None


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in sorted(counts.items())) or "none"


def _widths(counts: Counter[str]) -> str:
    return ", ".join(f"{count} of x{width}" for width, count in sorted(counts.items())) or "none"


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())

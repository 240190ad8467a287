"""`hardware`: what the machine tells of its parts. Supplies, plugs and risers tell nothing: they are left open."""

from __future__ import annotations

import math
import re

from rigwright.capture.part import FILL_IN, Part, Values
from rigwright.capture.seen import Seen
from rigwright.catalog import Catalog, catalog
from rigwright.facts.gpus import PciGpu
from rigwright.rules.pcie import WIDTHS

LAYER = "hardware"
_MEMORY_STEP_GIB = 4
"""What modules add up to is a multiple of it; the kernel has a few per cent less."""


def captured(seen: Seen) -> Part:
    """Board, processor, memory, drives, cards."""
    part, known = Part(), catalog()
    hardware: Values = {}
    if seen.system.container:
        part.say(
            LAYER, "container", f"The host is a container ({seen.system.container}): it shows the parts of another "
            "machine, and only its cards were taken for its own", "Declare the rest under hardware by hand",
        )  # fmt: skip
    else:
        hardware |= _parts(seen, known, part)
    gpus = [_card(seen, known, card, part) for card in seen.gpus]
    found = [gpu for gpu in gpus if gpu is not None]
    if found:
        hardware["gpus"] = found
        hardware["psus"] = {
            "main": {"rated_w": f"{FILL_IN}what is printed on the supply, W; or 'model', a name in the catalogue"}
        }
        part.comments[LAYER, "gpus"] = "Risers tell nothing either: add 'riser': 'pcie4' where one is between."
        part.comments[LAYER, "psus"] = "No supply tells of itself. The first one feeds the board and the processor."
    part.values = {LAYER: hardware} if hardware else {}
    return part


def _parts(seen: Seen, known: Catalog, part: Part) -> Values:
    found: Values = {}
    machine = seen.machine
    board = next((name for name in known.machine.boards if machine.board and _plain(machine.board) in _plain(name)), "")
    cpu = next((name for name, each in known.machine.cpus.items() if each.cpuinfo in machine.cpu), "")
    for key, name, told in (("board", board, machine.board), ("cpu", cpu, machine.cpu)):
        if name:
            found[key] = name
        elif told:
            part.say(LAYER, f"unknown-{key}", f"The {key} is {told}, which the catalogue does not have",
                     "Add it to rigwright/catalog/machine.toml to declare it")  # fmt: skip
    if machine.modules:
        found["ram_gib"] = round(sum(machine.modules))
    elif machine.total_gib:
        found["ram_gib"] = _MEMORY_STEP_GIB * math.ceil(machine.total_gib / _MEMORY_STEP_GIB)
        part.comments[LAYER, "ram_gib"] = f"Rounded up: the kernel has {machine.total_gib:.1f} GiB of it."
    if machine.drives:
        found["storage"] = {}
        for number, drive in enumerate(machine.drives):
            name = "system" if drive.system else f"drive{number}"
            entry = {"model": drive.model or "not told", "serial": drive.serial, "size_gb": round(drive.size / 1e9)}
            found["storage"][name] = {key: value for key, value in entry.items() if value}
            part.comments[LAYER, "storage", name] = f"{drive.name} when this was captured."
    return found


def _card(seen: Seen, known: Catalog, card: PciGpu, part: Part) -> Values | None:
    name = next((name for name, model in known.gpus.items() if card.device.removeprefix("0x") in model.devices), None)
    if name is None:
        part.say(LAYER, "unknown-card", f"The card at {card.address} ({card.name or card.device}) is not in the "
                 "catalogue, and so not declared: `rig verify` will count one card too many",
                 "Add it with its figures to rigwright/catalog/gpus.toml, and to hardware.gpus")  # fmt: skip
        return None
    told = next((each for each in seen.cards if each.bus_id == card.address), None)
    plugs = list(dict.fromkeys(str(list(feed.cables)) for feed in known.gpus[name].feeds))
    found: Values = {
        "model": name,
        "slot": _slot(seen, known, card),
        "cables": [] if plugs == ["[]"] else f"{FILL_IN}the plugs in use: {' or '.join(plugs)}",
        "supply": "main",
        "pci": card.address,
    }
    if told is not None:
        found["uuid"] = told.uuid
    if card.width in WIDTHS:
        found["pcie_width"] = card.width
        if card.max_width and card.width is not None and card.width < card.max_width:
            where = (LAYER, "gpus", len([each for each in seen.gpus if each.address < card.address]), "pcie_width")
            part.comments[where] = f"As it is now; the card could have {card.max_width}."
    return found


def _slot(seen: Seen, known: Catalog, card: PciGpu) -> str:
    """The firmware's name of the slot; without one a name after the address, or, of a known board, one to choose."""
    told = seen.machine.slots.get(card.address, "")
    board = next((each for name, each in known.machine.boards.items()
                  if seen.machine.board and _plain(seen.machine.board) in _plain(name)), None)  # fmt: skip
    if board is not None and not seen.system.container:
        if told in board.slots:
            return told
        return f"{FILL_IN}one of {', '.join(board.slots)}"
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", told):
        return told
    return f"PCI-{card.address.removeprefix('0000:').replace(':', '-').replace('.', '-')}"


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())

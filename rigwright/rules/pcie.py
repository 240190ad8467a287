"""Cards sit in slots that are there, each in its own, with lanes that exist."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.catalog.machine import Board
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.hardware import Gpu
from rigwright.spec.rig import Rig

WIDTHS = (1, 2, 4, 8, 16)


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Slots that are not there or used twice, links wider than they can be, more lanes than the processor has."""
    hardware = rig.hardware
    board = catalog.machine.boards.get(hardware.board or "")
    yield from _places(rig, board)
    for index, gpu in enumerate(hardware.gpus):
        yield from _width(rig, catalog, index, gpu, board)
    cpu = catalog.machine.cpus.get(hardware.cpu or "")
    if board is None or cpu is None or board.switch:
        return  # behind a switch the cards share what the processor has
    lanes = sum(_lanes(rig, catalog, gpu, board) for gpu in hardware.gpus)
    if lanes > cpu.lanes:
        yield Finding(
            "pcie.lanes",
            "hardware.gpus",
            None,
            f"at most {cpu.lanes} lanes in use, which is what {hardware.cpu} has, and the cards use {lanes}",
            "Declare each link's real width as pcie_width, or use fewer cards.",
            rests_on=tuple(f"hardware.gpus.*.{name}" for name in ("pcie_width", "model", "slot", "riser")),
        )


def _places(rig: Rig, board: Board | None) -> Iterator[Finding]:
    taken: dict[str, int] = {}
    for index, gpu in enumerate(rig.hardware.gpus):
        key = f"hardware.gpus.{index}.slot"
        if board is not None and gpu.slot not in board.slots:
            yield Finding(
                "pcie.no-slot",
                key,
                gpu.slot,
                f"a slot of {rig.hardware.board}: {', '.join(board.slots)}",
                "Name the slot as the board's manual does.",
                nearest(gpu.slot, board.slots),
            )
        if gpu.slot in taken:
            yield Finding(
                "pcie.slot-twice",
                key,
                gpu.slot,
                f"a slot of its own: {gpu.slot} holds hardware.gpus.{taken[gpu.slot]} already",
                "Correct one of the two.",
            )
        taken.setdefault(gpu.slot, index)


def _width(rig: Rig, catalog: Catalog, index: int, gpu: Gpu, board: Board | None) -> Iterator[Finding]:
    if gpu.pcie_width is None:
        return
    most, why = _most(rig, catalog, gpu, board)
    if gpu.pcie_width not in WIDTHS:
        want = f"1, 2, 4, 8 or 16 lanes{f', at most {most} here' if most < 16 else ''}"
    elif gpu.pcie_width > most:
        want = f"at most {most} lanes: {why}"
    else:
        return
    yield Finding(
        "pcie.width",
        f"hardware.gpus.{index}.pcie_width",
        gpu.pcie_width,
        want,
        "Declare the width that the link has when all is well (`lspci -vv`: LnkSta).",
    )


def _most(rig: Rig, catalog: Catalog, gpu: Gpu, board: Board | None) -> tuple[int, str]:
    """The widest that the link can be, and why."""
    widths = [(16, "no link is wider")]
    model = catalog.gpus.get(gpu.model)
    if model is not None:
        widths.append((model.pcie_width, f"{gpu.model} has no more"))
    if board is not None and gpu.slot in board.slots:
        used = frozenset(other.slot for other in rig.hardware.gpus)
        lanes = board.width(gpu.slot, used)
        shared = lanes < board.slots[gpu.slot].width
        widths.append((lanes, f"{gpu.slot} has no more{' while its neighbour is in use' if shared else ''}"))
    if gpu.riser == "usb":
        widths.append((1, "a USB riser has one lane"))
    return min(widths)


def _lanes(rig: Rig, catalog: Catalog, gpu: Gpu, board: Board) -> int:
    return gpu.pcie_width or _most(rig, catalog, gpu, board)[0]

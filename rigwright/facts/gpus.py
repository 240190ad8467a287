"""NVIDIA's cards on the PCI bus, and as the driver sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyinfra.api import FactBase

# The chip's name, as pci.ids has it ("GA102 [GeForce RTX 3090]"), begins with its generation.
_GENERATIONS = {
    "GM": "maxwell",
    "GP": "pascal",
    "GV": "volta",
    "TU": "turing",
    "GA": "ampere",
    "AD": "ada",
    "GH": "hopper",
    "GB": "blackwell",
}

_BEFORE_TURING = ((0x1D80, "volta"), (0x1B00, "pascal"), (0x0000, "maxwell"))
_TURING = 0x1E00
"""First device id of the Turing generation: ids have grown with the generations up to there.

Below it, first id → generation: near enough, for drivers treat these three alike.
"""

_COMMAND = r"""
export LC_ALL=C
for device in /sys/bus/pci/devices/*; do
    [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
    case "$(cat "$device/class")" in 0x0300*|0x0302*) ;; *) continue ;; esac
    address=${device##*/}
    name=; command -v lspci >/dev/null && name=$(lspci -mm -s "$address" 2>/dev/null | head -n 1)
    width=$(cat "$device/current_link_width" 2>/dev/null)
    echo "$address|$(cat "$device/device")|$width|$(cat "$device/max_link_width" 2>/dev/null)|$name"
done
true
"""


@dataclass(frozen=True)
class PciGpu:
    """One card. ``device``: PCI device id ("0x2204"); ``width``: lanes in use.

    ``generation``: by the chip's name; where pci.ids is not to be had, as on a bare host, that of old cards by the id.
    """

    address: str
    device: str
    width: int | None
    max_width: int | None
    name: str
    generation: str | None


class Gpus(FactBase[list[PciGpu]]):
    """Cards in the order of the bus.

    Raw lines: ``0000:03:00.0|0x2204|8|16|03:00.0 "VGA compatible controller" "NVIDIA Corporation" "GA102 [GeForce …``.
    """

    def command(self) -> str:
        """Walk sysfs; names come from lspci where it is installed."""
        return _COMMAND

    @staticmethod
    def default() -> list[PciGpu]:
        """None."""
        return []

    def process(self, output: list[str]) -> list[PciGpu]:
        """Read one card a line."""
        return [_gpu(*line.split("|", 4)) for line in output if line.count("|") >= 4]


def _gpu(address: str, device: str, width: str, max_width: str, described: str) -> PciGpu:
    quoted = re.findall(r'"([^"]*)"', described)
    name = quoted[2] if len(quoted) > 2 else ""
    return PciGpu(
        address=address,
        device=device,
        width=int(width) if width.isdigit() else None,
        max_width=int(max_width) if max_width.isdigit() else None,
        name=name,
        generation=_GENERATIONS.get(name[:2]) if re.match(r"[A-Z]{2}\d", name) else _by_id(device),
    )


def _by_id(device: str) -> str | None:
    number = int(device, 16) if re.fullmatch(r"0x[0-9a-fA-F]+", device) else _TURING
    if number >= _TURING:
        return None
    return next(generation for first, generation in _BEFORE_TURING if number >= first)

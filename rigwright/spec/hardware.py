"""What the host is made of. Read by the rules (power, PCIe, cables) and compared with what the host reports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.model import Model, key

Connector = Literal["6-pin", "8-pin", "EPS", "12VHPWR", "12V-2x6"]
Label = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", description="a short name of letters, digits, '_' and '-'")
]
_CASE = "a physical arrangement that no probe on the host reports"


class Gpu(Model):
    """One graphics card, its place on the board and what feeds it."""

    model: str = key(description="name in the catalogue, e.g. 'GeForce RTX 3090'")
    slot: str = key(description="slot on the board as its manual names it, e.g. 'PCIE1'", unproved=_CASE)
    riser: Literal["none", "pcie3", "pcie4", "pcie5", "usb"] = key(
        "none", "cable between slot and card; 'usb' is the x1 mining kind", unproved=_CASE
    )
    cables: list[Connector] = key(
        description="plugs of the supply's cables in use for the card: those of the adapter, where one is between",
        unproved=_CASE,
    )
    supply: str = key(description="name of the supply in hardware.psus that the cables come from", unproved=_CASE)
    uuid: str | None = key(
        None,
        "the card's UUID as NVML prints it",
        pattern=r"^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        form="a GPU's UUID as `nvidia-smi -L` prints it, 'GPU-' and 36 characters",
    )
    pci: str | None = key(
        None,
        "the card's PCI address, which says which one it is where no UUID does",
        pattern=r"^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$",
        form="an address as `lspci -D` prints it, '0000:03:00.0'",
    )
    pcie_width: int | None = key(
        None,
        "lanes that the link has when all is well: 1, 2, 4, 8 or 16; None: not checked",
        ge=1,
        le=16,
    )


class Psu(Model):
    """One power supply."""

    model: str | None = key(None, "name in the catalogue; gives rated_w and connectors", unproved=_CASE)
    rated_w: int | None = key(
        None, "continuous rating in W; taken from the catalogue when absent", gt=0, le=5000, unproved=_CASE
    )
    connectors: dict[Connector, int] = key(
        default_factory=dict,
        description="plugs for cards that it has, by kind; taken from the catalogue when empty",
        form="a mapping of plugs to how many there are, {'8-pin': 8}",
        unproved=_CASE,
    )


class Drive(Model):
    """One drive: what the owner calls it is its key in hardware.storage."""

    model: str = key(description="model as printed on it", unproved="makers report other strings than they print")
    serial: str | None = key(None, "serial number as lsblk prints it")
    size_gb: int = key(description="size in GB (10^9 bytes)", gt=0)


class Hardware(Model):
    """The machine."""

    board: str | None = key(None, "mainboard, name in the catalogue")
    cpu: str | None = key(None, "processor, name in the catalogue")
    ram_gib: int | None = key(None, "installed memory in GiB", gt=0)
    storage: dict[Label, Drive] = key(
        default_factory=dict,
        description="drives by a name of the owner's choice",
        form="a mapping of names to drives",
    )
    gpus: list[Gpu] = key(
        default_factory=list, description="cards, in the order of their slots", form="a list of cards, each a mapping"
    )
    psus: dict[Label, Psu] = key(
        default_factory=dict,
        description="power supplies by name; the first feeds board and processor",
        form="a mapping of names to power supplies",
    )
    case: str | None = key(None, "chassis", unproved=_CASE)

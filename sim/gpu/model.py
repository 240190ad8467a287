"""What a simulated GPU is, and the file that tells the simulated library about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INSTALLED = "installed"
"""A driver version: that of the driver package on the host; without one, the library says that no driver is loaded."""

LOADED = "loaded"
"""A driver version: that of the module in the host's own kernel; without one, the library says that none is loaded."""


STATE = "/run/rigwright-sim/gpus/state"
"""Where a host's programs share how its cards are; gone after a reboot, as what was set on a card is."""


@dataclass(frozen=True)
class Physics:
    """The figures of a model of card that its behaviour follows from; `sim/gpu/c/physics.h` says what each is."""

    idle_w: float
    base_w: float
    core_w: float
    memory_w: float
    voltage_floor: float
    voltage_slope: float
    die_j_per_k: float
    sink_j_per_k: float
    memory_j_per_k: float
    die_k_per_w: float
    memory_k_per_w: float
    still_w_per_k: float
    blown_w_per_k: float
    fan_s: float
    fan_least_percent: float
    fan_rpm: float
    fan_stop_c: float
    fan_start_c: float
    fan_from_c: float
    fan_from_percent: float
    fan_full_c: float
    chassis_flow: float
    target_c: float
    recirculation_k_per_w: float
    neighbour_k_per_w: float


@dataclass(frozen=True)
class Gpu:
    """One device. Without `physics` every figure is static; with it, those that load and heat move do.

    Units are in the names: MiB, watts, degrees Celsius, per cent, MHz. PCI numbers are (vendor, device). `pcie_gen_max`
    is what card and board reach together, `pcie_gen_card` the card alone. `margin`: it tells how far it is from its
    limit, and no thresholds. `brand`, `architecture`: NVML's numbers.
    """

    name: str
    uuid: str
    address: str
    pci_id: tuple[int, int]
    pci_subsystem: tuple[int, int]
    vbios: str
    compute: tuple[int, int]
    memory_total_mib: int
    memory_reserved_mib: int
    memory_used_mib: int
    power_default_w: int
    power_min_w: int
    power_max_w: int
    power_usage_w: int
    temperature_c: int
    temperature_slowdown_c: int
    temperature_shutdown_c: int
    fans: int
    fan_percent: int
    clock_graphics_mhz: int
    clock_graphics_max_mhz: int
    clock_memory_mhz: int
    clock_memory_max_mhz: int
    pcie_gen_current: int = 1
    pcie_gen_max: int = 3
    pcie_gen_card: int = 4
    pcie_width_current: int = 16
    pcie_width_max: int = 16
    utilization_gpu_percent: int = 0
    utilization_memory_percent: int = 0
    performance_state: int = 8
    persistence_mode: int = 0
    brand: int = 5
    architecture: int = 7
    hbm: bool = False
    mig: bool = False
    margin: bool = False
    physics: Physics | None = None


def from_record(raw: Mapping[str, Any]) -> Gpu:
    """The device that `dataclasses.asdict` and JSON made `raw` of; what another version knows besides is left out."""
    known = {field.name for field in dataclasses.fields(Gpu)}
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in raw.items() if key in known
    }
    physics = fields.pop("physics", None)
    return Gpu(**fields, physics=None if physics is None else Physics(**physics))


def configuration(
    gpus: Sequence[Gpu],
    *,
    driver_version: str = INSTALLED,
    cuda_version: str = "auto",
    state: str = STATE,
    speed: float = 1.0,
    ambient_c: float = 25.0,
) -> str:
    """The text of gpus.conf.

    `driver_version` is a version, `none`, INSTALLED or LOADED. `cuda_version` is as NVML gives it (13000 for 13.0), or
    `auto` for what the driver's branch supports. `state` is the file that all programs share, `speed` simulated seconds
    a second (0: time moves by `Cards.advance` alone), `ambient_c` the room's temperature at first.
    """
    system = {
        "driver_version": driver_version,
        "cuda_version": cuda_version,
        "state": state,
        "speed": speed,
        "ambient_c": ambient_c,
    }
    sections = [("system", system), *(("gpu", _lines(gpu)) for gpu in gpus)]
    return "# Devices of Rigwright's simulation. None of them exists.\n" + "".join(
        f"\n[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items()) for name, keys in sections
    )


def _lines(gpu: Gpu) -> Mapping[str, object]:
    same = (int, str)
    lines: dict[str, object] = {
        field.name: int(value) if isinstance(value, bool) else value
        for field in dataclasses.fields(gpu)
        if isinstance(value := getattr(gpu, field.name), same) and field.name not in ("address", "pcie_gen_card")
    }
    lines["moves"] = int(gpu.physics is not None)
    if gpu.physics is not None:
        lines |= dataclasses.asdict(gpu.physics)
    lines["pci_bus_id"] = gpu.address
    lines["pci_device_id"] = _packed(gpu.pci_id)
    lines["pci_subsystem_id"] = _packed(gpu.pci_subsystem)
    lines["compute_major"], lines["compute_minor"] = gpu.compute
    return lines


def _packed(pci: tuple[int, int]) -> str:
    vendor, device = pci
    return f"{device << 16 | vendor:#010x}"

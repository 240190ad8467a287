"""PCI entries for simulated GPUs: a made tree that is bound over /sys/bus/pci/devices in the host."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from sim.gpu.model import Gpu

DEVICES = "/sys/bus/pci/devices"

_SPEEDS = {1: "2.5 GT/s PCIe", 2: "5.0 GT/s PCIe", 3: "8.0 GT/s PCIe", 4: "16.0 GT/s PCIe", 5: "32.0 GT/s PCIe"}
_DISPLAY = 0x030000
_AUDIO = 0x040300
_GA102_AUDIO = 0x1AEF
_REVISION = 0xA1
_PM, _MSI, _EXPRESS = 0x60, 0x68, 0x78  # where the capabilities lie, in that order

_ERRORS = {
    "aer_dev_correctable": (
        "RxErr BadTLP BadDLLP Rollover Timeout NonFatalErr CorrIntErr HeaderOF",
        "TOTAL_ERR_COR",
    ),
    "aer_dev_nonfatal": ("Undefined DLP SDES TLP FCP CmpltTO CmpltAbrt UnxCmplt", "TOTAL_ERR_NONFATAL"),
    "aer_dev_fatal": ("Undefined DLP SDES TLP FCP CmpltTO CmpltAbrt UnxCmplt", "TOTAL_ERR_FATAL"),
}


def write_tree(folder: Path, gpus: Iterable[Gpu]) -> None:
    """Makes one folder a function: each card's display function `.0` and its audio function `.1`.

    The files that a driver or an administrator may write (`link/l1_aspm`, `power/control`, …) are plain and keep what
    is written to them until the host boots again.
    """
    for gpu in gpus:
        _write_function(folder / gpu.address, gpu, _DISPLAY, gpu.pci_id[1])
        _write_function(folder / f"{gpu.address[:-1]}1", gpu, _AUDIO, _GA102_AUDIO)


def _write_function(folder: Path, gpu: Gpu, kind: int, device: int) -> None:
    vendor = gpu.pci_id[0]
    subsystem_vendor, subsystem_device = gpu.pci_subsystem
    texts = {
        "vendor": f"{vendor:#06x}",
        "device": f"{device:#06x}",
        "class": f"{kind:#08x}",
        "revision": f"{_REVISION:#04x}",
        "subsystem_vendor": f"{subsystem_vendor:#06x}",
        "subsystem_device": f"{subsystem_device:#06x}",
        "modalias": f"pci:v{vendor:08X}d{device:08X}sv{subsystem_vendor:08X}sd{subsystem_device:08X}"
        f"bc{kind >> 16:02X}sc{kind >> 8 & 0xFF:02X}i{kind & 0xFF:02X}",
        "uevent": f"PCI_CLASS={kind:X}\nPCI_ID={vendor:04X}:{device:04X}\n"
        f"PCI_SUBSYS_ID={subsystem_vendor:04X}:{subsystem_device:04X}\nPCI_SLOT_NAME={folder.name}",
        "irq": "0",
        "enable": "1",
        "numa_node": "-1",
        "local_cpulist": "0",
        "power_state": "D0",
        "resource": _resources(kind),
        "current_link_speed": _SPEEDS[gpu.pcie_gen_current],
        "current_link_width": str(gpu.pcie_width_current),
        "max_link_speed": _SPEEDS[gpu.pcie_gen_card],
        "max_link_width": str(gpu.pcie_width_max),
        "link/l1_aspm": "1",
        "link/clkpm": "0",
        "power/control": "on",
        "power/runtime_status": "active",
        **{name: _error_counters(kinds, total) for name, (kinds, total) in _ERRORS.items()},
    }
    if kind == _DISPLAY:
        texts["boot_vga"] = "0"
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    (folder / "config").write_bytes(config_space(gpu, kind, device))


def _error_counters(kinds: str, total: str) -> str:
    return "\n".join([*(f"{kind} 0" for kind in kinds.split()), f"{total} 0"])


def _resources(kind: int) -> str:
    none = "0x0000000000000000 0x0000000000000000 0x0000000000000000"
    if kind == _AUDIO:
        return "\n".join(["0x00000000fb080000 0x00000000fb083fff 0x0000000000040200", *[none] * 12])
    windows = [
        "0x00000000fa000000 0x00000000faffffff 0x0000000000040200",
        "0x00000000e0000000 0x00000000efffffff 0x000000000014220c",
        none,
        "0x00000000f0000000 0x00000000f1ffffff 0x000000000014220c",
        none,
        "0x000000000000e000 0x000000000000e07f 0x0000000000040101",
        "0x00000000fb000000 0x00000000fb07ffff 0x0000000000046200",
    ]
    return "\n".join([*windows, *[none] * 6])


def config_space(gpu: Gpu, kind: int, device: int) -> bytes:
    """The first 256 bytes of the configuration space, laid out as the PCI Express base specification has it."""
    space = bytearray(256)
    struct.pack_into("<HHHH", space, 0x00, gpu.pci_id[0], device, 0x0007, 0x0010)  # command: on; status: capabilities
    struct.pack_into("<I", space, 0x08, kind << 8 | _REVISION)
    space[0x0E] = 0x80  # one function of several
    if kind == _DISPLAY:
        struct.pack_into("<6I", space, 0x10, 0xFA000000, 0xE000000C, 0, 0xF000000C, 0, 0x0000E001)
    else:
        struct.pack_into("<I", space, 0x10, 0xFB080000)
    struct.pack_into("<HH", space, 0x2C, *gpu.pci_subsystem)
    space[0x34] = _PM
    struct.pack_into("<BBHH", space, _PM, 0x01, _MSI, 0x0003, 0x0008)
    struct.pack_into("<BBH", space, _MSI, 0x05, _EXPRESS, 0x0080)
    _express(space, gpu)
    return bytes(space)


def _express(space: bytearray, gpu: Gpu) -> None:
    legacy_endpoint, version, aspm_l1 = 1, 2, 2
    struct.pack_into("<BBH", space, _EXPRESS, 0x10, 0x00, legacy_endpoint << 4 | version)
    link_capabilities = gpu.pcie_gen_card | gpu.pcie_width_max << 4 | aspm_l1 << 10
    link_status = gpu.pcie_gen_current | gpu.pcie_width_current << 4 | 1 << 12
    struct.pack_into("<I", space, _EXPRESS + 0x0C, link_capabilities)
    struct.pack_into("<HH", space, _EXPRESS + 0x10, aspm_l1, link_status)
    speeds_supported = (1 << gpu.pcie_gen_card) - 1 << 1
    struct.pack_into("<I", space, _EXPRESS + 0x2C, speeds_supported)
    struct.pack_into("<H", space, _EXPRESS + 0x30, gpu.pcie_gen_card)

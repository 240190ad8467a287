"""Cards: on the bus, and as the driver tells of them; toolkits."""

from __future__ import annotations

import pytest

from rigwright.facts.cuda import CudaToolkits
from rigwright.facts.debconf import Debconf
from rigwright.facts.gpus import Gpus
from rigwright.facts.smi import CardPrograms, Smi


@pytest.mark.parametrize(
    ("described", "generation"),
    [
        ('03:00.0 "VGA compatible controller" "NVIDIA Corporation" "GA102 [GeForce RTX 3090]" -ra1 "" ""', "ampere"),
        ('03:00.0 "3D controller" "NVIDIA Corporation" "GV100GL [Tesla V100 PCIe 16GB]" -ra1 "" ""', "volta"),
        ('03:00.0 "VGA compatible controller" "NVIDIA Corporation" "TU102 [GeForce RTX 2080 Ti]" -ra1 "" ""', "turing"),
        ('03:00.0 "3D controller" "NVIDIA Corporation" "GH100 [H100 PCIe]" -ra1 "" ""', "hopper"),
        ('03:00.0 "VGA compatible controller" "NVIDIA Corporation" "Device 2b85" -ra1 "" ""', None),
        ("", None),
    ],
)
def test_generation_by_the_chips_name(described: str, generation: str | None) -> None:
    (card,) = Gpus().process([f"0000:03:00.0|0x2204|8|16|{described}"])
    assert (card.address, card.device, card.width, card.max_width) == ("0000:03:00.0", "0x2204", 8, 16)
    assert card.generation == generation


@pytest.mark.parametrize(
    ("device", "generation"),
    [("0x17c8", "maxwell"), ("0x1b06", "pascal"), ("0x1d81", "volta"), ("0x1e04", None), ("", None)],
)
def test_an_old_card_is_known_by_its_id_where_nothing_names_chips(device: str, generation: str | None) -> None:
    (card,) = Gpus().process([f"0000:03:00.0|{device}|8|16|"])
    assert card.generation == generation


def test_a_bus_that_says_no_width() -> None:
    (card,) = Gpus().process(["0000:03:00.0|0x2204|||"])
    assert (card.width, card.max_width) == (None, None)


def test_smi() -> None:
    raw = (
        "0, NVIDIA GeForce RTX 3090, GPU-8f0c1a52-7a3e-4d8e-9b51-2f6f1c0a9d11, 00000000:03:00.0, 580.105.08, Enabled, 8"
    )
    one, two = Smi().process([raw, "1, NVIDIA A, GPU-x, 00000000:AF:00.0, 580.105.08, [N/A], [N/A]"])
    assert (one.bus_id, one.persistence, one.width, one.driver) == ("0000:03:00.0", True, 8, "580.105.08")
    assert (two.bus_id, two.persistence, two.width) == ("0000:af:00.0", None, None)


CUDA = """\
link=/etc/alternatives/cuda
resolved=/usr/local/cuda-12.8
status=manual
value=/usr/local/cuda-12.8
known=/usr/local/cuda-12.8
known=/usr/local/cuda-13.0
nvcc=/usr/local/cuda-12.8|Cuda compilation tools, release 12.8, V12.8.93
nvcc=/usr/local/cuda-13.0|
"""


def test_toolkits() -> None:
    found = CudaToolkits().process(CUDA.splitlines())
    assert (found.link, found.resolved, found.mode) == ("/etc/alternatives/cuda", "/usr/local/cuda-12.8", "manual")
    assert found.known == ("/usr/local/cuda-12.8", "/usr/local/cuda-13.0")
    assert found.compilers == {"/usr/local/cuda-12.8": "12.8", "/usr/local/cuda-13.0": ""}
    assert CudaToolkits().process([]) == CudaToolkits.default()


def test_debconf() -> None:
    found = Debconf().process(
        [
            "* nvidia-support/check-running-module-version: false",
            "  nvidia-support/last-mismatching-module-version: none",
        ]
    )
    assert found["nvidia-support/check-running-module-version"] == "false"


def test_programs_that_compute_on_a_card() -> None:
    found = CardPrograms().process(["4711, /usr/bin/python3", "4711, /usr/bin/python3", "12, [Not Found]"])
    assert found == {4711: "/usr/bin/python3", 12: "[Not Found]"}

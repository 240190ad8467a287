"""Rules over the driver and CUDA."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import Case, Parts, card, machine, p40, rtx5090

NO_CONTAINERS = {"state": "absent"}


def cuda(toolkits: list[str], default: str | None = None, **driver: Any) -> Parts:
    return {"cuda": {"toolkits": toolkits, "default": default}, "driver": driver}


DRIVER = [
    Case("driver.branch-missing", "driver.branch", {"driver": {}}, {"driver": {"version": "580.105.08"}}),
    Case(
        "driver.version-branch",
        "driver.version",
        {"driver": {"branch": 580, "version": "590.44.01"}},
        {"driver": {"branch": 580, "version": "580.105.08"}},
    ),
    Case(
        "driver.repository-unused",
        "driver.repository_url",
        {"driver": {"source": "distribution", "repository_url": "https://mirror.example"}},
        {"driver": {"branch": 580, "repository_url": "https://mirror.example"}},
    ),
    Case(
        "driver.needed",
        "driver.source",
        {"driver": {"source": "none"}},
        {"driver": {"source": "none"}, "containers": {"toolkit": {"state": "absent"}}},
        "container toolkit",
    ),
    Case(
        "driver.needed",
        "driver.state",
        {"driver": {"state": "absent"}, "containers": NO_CONTAINERS, "cuda": {"toolkits": ["12.8"]}},
        {"driver": {"state": "absent"}, "containers": NO_CONTAINERS, "cuda": {"toolkits": ["12.8"], "state": "absent"}},
        "toolkits",
    ),
    Case("driver.branch-dropped-card", "driver.branch", p40(branch=590), p40(branch=580)),
    Case("driver.branch-too-old", "driver.branch", rtx5090(branch=565), rtx5090(branch=570)),
    Case("driver.flavour-unfit", "driver.flavour", p40(flavour="open"), p40(flavour="proprietary"), "Pascal"),
    Case(
        "driver.flavour-unfit",
        "driver.flavour",
        rtx5090(branch=580, flavour="proprietary"),
        rtx5090(branch=580, flavour="open"),
        "Blackwell",
    ),
    Case(
        "driver.no-common-flavour",
        "hardware.gpus",
        machine(card("A", model="Tesla P40"), card("B", "GeForce RTX 5090", cables=["12V-2x6"]), watts=2000),
        machine(card("A", model="Tesla P40"), card("B"), watts=2000),
    ),
    Case(
        "driver.open-broken",
        "driver.flavour",
        {"driver": {"source": "distribution", "flavour": "open"}},
        {"driver": {"source": "distribution", "flavour": "open", "branch": 580}},
    ),
    Case(
        "cuda.default", "cuda.default", cuda(["12.8"], "12.9", branch=580), cuda(["12.8", "12.9"], "12.9", branch=580)
    ),
    Case(
        "cuda.toolkit-twice", "cuda.toolkits.1", cuda(["12.8", "12.8"], branch=580), cuda(["12.8", "13.0"], branch=580)
    ),
    Case("cuda.unknown", "cuda.toolkits.0", cuda(["12.7"], branch=580), cuda(["12.6"], branch=580)),
    Case("cuda.driver-too-old", "cuda.toolkits.0", cuda(["13.0"], branch=575), cuda(["13.0"], branch=580), "branch"),
    Case(
        "cuda.driver-too-old",
        "cuda.toolkits.0",
        cuda(["13.0"], version="580.65.05"),
        cuda(["13.0"], version="580.65.06"),
        "version",
    ),
    Case(
        "cuda.driver-too-old",
        "cuda.toolkits.0",
        cuda(["12.5"], source="distribution"),
        cuda(["12.4"], source="distribution"),
        "distribution",
    ),
]

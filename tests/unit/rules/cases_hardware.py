"""Rules over the hardware."""

from __future__ import annotations

from tests.unit.rules.case import REFERENCE, Case, card, machine

GT = {"main": {"model": "EVGA SuperNOVA 1300 GT"}}
TWO = {"main": {"rated_w": 1300}, "second": {"rated_w": 1000}}
THREE_PLUGS = ["8-pin", "8-pin", "8-pin"]

HARDWARE = [
    Case("hardware.unknown-board", "hardware.board", machine(board="ASRock X99"), machine(board="ASRock X99 WS-E")),
    Case("hardware.unknown-processor", "hardware.cpu", machine(cpu="E5-2680"), machine(cpu="Xeon E5-2680 v4")),
    Case(
        "hardware.unknown-card",
        "hardware.gpus.0.model",
        machine(card(model="RTX 3090")),
        machine(card(model="GeForce RTX 3090")),
    ),
    Case(
        "hardware.unknown-power-supply",
        "hardware.psus.main.model",
        machine(psus={"main": {"model": "x"}}),
        machine(psus=GT),
    ),
    Case("hardware.supply-unrated", "hardware.psus.main", machine(psus={"main": {}}), machine(psus=GT)),
    Case("hardware.no-supply", "hardware.gpus.0.supply", machine(card(supply="second")), machine(card())),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(card("PCIE1"), card("PCIE3"), card("PCIE5"), psus=GT, **REFERENCE),
        machine(card("PCIE1"), card("PCIE5"), psus=GT, **REFERENCE),
        "a third 350 W card",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(card("PCIE1", cables=THREE_PLUGS), card("PCIE5", cables=THREE_PLUGS), psus=GT, **REFERENCE),
        machine(card("PCIE1"), card("PCIE5", cables=THREE_PLUGS), psus=GT, **REFERENCE),
        "partner cards count with their own limit",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.second",
        machine(*(card(f"PCIE{n}", supply="second") for n in (1, 3, 5)), psus=TWO, **REFERENCE),
        machine(card("PCIE1"), *(card(f"PCIE{n}", supply="second") for n in (3, 5)), psus=TWO, **REFERENCE),
        "second supply",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(
            *(card(f"PCIE{n}") for n in (1, 3)),
            *(card(f"PCIE{n}", supply="second") for n in (5, 7)),
            psus={"main": {"rated_w": 1300}, "second": {"rated_w": 1300}},
            **REFERENCE,
        ),
        machine(
            *(card(f"PCIE{n}") for n in (1, 3)),
            *(card(f"PCIE{n}", supply="second", riser="usb") for n in (5, 7)),
            psus={"main": {"rated_w": 1300}, "second": {"rated_w": 1300}},
            **REFERENCE,
        ),
        "slots feed cards of other supplies, but not through USB risers",
    ),
    Case(
        "power.rating",
        "hardware.psus.main.rated_w",
        machine(psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "rated_w": 1600}}),
        machine(psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "rated_w": 1200}}),
    ),
    Case("cables.card", "hardware.gpus.0.cables", machine(card(cables=["8-pin"])), machine(card(cables=THREE_PLUGS))),
    Case(
        "cables.supply",
        "hardware.psus.main",
        machine(card("A"), card("B"), psus={"main": {"rated_w": 1300, "connectors": {"8-pin": 3}}}),
        machine(card("A"), card("B"), psus={"main": {"rated_w": 1300, "connectors": {"8-pin": 4}}}),
    ),
    Case(
        "cables.supply",
        "hardware.psus.main",
        machine(
            *(card(f"PCIE{n}", "GeForce RTX 2080 SUPER") for n in (1, 3)),
            card("PCIE5", cables=THREE_PLUGS),
            psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "connectors": {"8-pin": 6}}},
        ),
        machine(
            *(card(f"PCIE{n}", "GeForce RTX 2080 SUPER") for n in (1, 3)), card("PCIE5", cables=THREE_PLUGS), psus=GT
        ),
        "what is declared goes before the catalogue",
    ),
    Case(
        "pcie.no-slot",
        "hardware.gpus.0.slot",
        machine(card("PCIE8"), board="ASRock X99 WS-E"),
        machine(card("PCIE7"), board="ASRock X99 WS-E"),
    ),
    Case("pcie.slot-twice", "hardware.gpus.1.slot", machine(card("A"), card("A")), machine(card("A"), card("B"))),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card("PCIE2", pcie_width=16), board="ASRock X99 WS-E"),
        machine(card("PCIE1", pcie_width=16), board="ASRock X99 WS-E"),
        "slot",
    ),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card("PCIE3", pcie_width=16), card("PCIE2", pcie_width=8), board="ASRock X99 WS-E"),
        machine(card("PCIE3", pcie_width=16), card("PCIE4", pcie_width=8), board="ASRock X99 WS-E"),
        "neighbour",
    ),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card(riser="usb", pcie_width=16)),
        machine(card(riser="usb", pcie_width=1)),
        "usb riser",
    ),
    Case("pcie.width", "hardware.gpus.0.pcie_width", machine(card(pcie_width=6)), machine(card(pcie_width=4)), "odd"),
]

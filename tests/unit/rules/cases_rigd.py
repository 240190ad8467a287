"""Rules over power, clocks, fans and their keeper."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import REFERENCE, Case, Parts, card, machine

GPU_A, GPU_B = (f"GPU-{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "ab")
CURVE = [[40, 30], [65, 55], [83, 100]]
GOOD = machine(card("PCIE1", uuid=GPU_A), card("PCIE5", uuid=GPU_B), **REFERENCE)
UNTOLD = machine(card("PCIE1"), card("PCIE5"), **REFERENCE)
SPLIT = machine(
    card("PCIE1", uuid=GPU_A),
    card("PCIE5", uuid=GPU_B, supply="second"),
    psus={"main": {"rated_w": 1600}, "second": {"rated_w": 1300}},
)
FOUR = [card(f"PCIE{n}", uuid=f"GPU-{n * 8}-1111-1111-1111-{'1' * 12}") for n in ("1", "3", "5", "7")]
A6000 = card(model="RTX A6000", cables=["EPS"])
NO_LEAST = card(model="RTX 6000 Ada Generation", cables=["12VHPWR"])


def power(hardware: Parts = GOOD, **keys: Any) -> Parts:
    return {**hardware, "power": keys}


def fans(hardware: Parts = GOOD, **keys: Any) -> Parts:
    return {**hardware, "fans": keys}


def rigd(hardware: Parts = GOOD, **keys: Any) -> Parts:
    return {**hardware, "rigd": keys}


RIGD = [
    Case("power.limit-range", "power.limit_w", power(limit_w=90), power(limit_w=100), "under the least"),
    Case("power.limit-range", "power.limit_w", power(limit_w=360), power(limit_w=350), "over the most"),
    Case(
        "power.limit-range",
        "power.limit_w",
        power(machine(card(cables=["8-pin"] * 3)), limit_w=460),
        power(machine(card(cables=["8-pin"] * 3)), limit_w=450),
        "partner cards take more",
    ),
    Case(
        "power.limit-range",
        "power.cards.PCIE5.limit_w",
        power(limit_w=300, cards={"PCIE5": {"limit_w": 99}}),
        power(limit_w=300, cards={"PCIE5": {"limit_w": 120}}),
        "of one card",
    ),
    Case("power.limit-range", "power.least_w", power(least_w=50), power(least_w=150), "what it may be lowered to"),
    Case("power.least-over-limit", "power.least_w", power(limit_w=250, least_w=300), power(limit_w=300, least_w=250)),
    Case(
        "power.least-over-limit",
        "power.cards.PCIE5.least_w",
        power(limit_w=300, cards={"PCIE5": {"limit_w": 200, "least_w": 250}}),
        power(limit_w=300, cards={"PCIE5": {"limit_w": 260, "least_w": 250}}),
        "of one card",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        power(machine(*FOUR, **REFERENCE), limit_w=210),
        power(machine(*FOUR, **REFERENCE), limit_w=200),
        "by the declared limits",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        {**machine(*FOUR, **REFERENCE), "rigd": {"state": "absent"}},
        power(machine(*FOUR, **REFERENCE), limit_w=200, headroom_percent=20),
        "by the cards' own limits where nobody lowers them",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        power(machine(*FOUR, **REFERENCE), limit_w=200, headroom_percent=25),
        power(machine(*FOUR, **REFERENCE), limit_w=180, headroom_percent=25),
        "less the declared headroom",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        power(machine(*FOUR, **REFERENCE), shared=True, least_w=210),
        power(machine(*FOUR, **REFERENCE), shared=True, least_w=200),
        "shared: by what limits may be lowered to",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        power(machine(*FOUR, watts=700, **REFERENCE), shared=True),
        power(machine(*FOUR, watts=800, **REFERENCE), shared=True),
        "shared: by the least that the cards take",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        power(machine(*FOUR, **REFERENCE), limit_w=200, cards={"3": {"limit_w": 230}}),
        power(machine(*FOUR, **REFERENCE), limit_w=200, cards={"3": {"limit_w": 220}}),
        "by what one card has more, whichever it is",
    ),
    Case(
        "power.circuit-overloaded",
        "power.circuit_w",
        power(machine(*FOUR[:2], **REFERENCE), circuit_w=1000),
        power(machine(*FOUR[:2], **REFERENCE), circuit_w=1100),
    ),
    Case(
        "power.circuit-overloaded",
        "power.circuit_w",
        power(machine(*FOUR, **REFERENCE), shared=True, circuit_w=600),
        power(machine(*FOUR, **REFERENCE), shared=True, circuit_w=800),
        "shared",
    ),
    Case(
        "power.shared-unkept",
        "power.shared",
        {**power(shared=True), "rigd": {"state": "absent"}},
        {**power(shared=True), "rigd": {"state": "present"}},
    ),
    Case(
        "power.least-unknown",
        "power.least_w",
        power(machine(NO_LEAST, **REFERENCE), shared=True),
        power(machine(NO_LEAST, **REFERENCE), shared=True, least_w=100),
    ),
    Case(
        "power.shared-which",
        "hardware.gpus.0.uuid",
        power(
            machine(
                card("PCIE1"),
                card("PCIE5", supply="second"),
                psus={"main": {"rated_w": 1600}, "second": {"rated_w": 1300}},
            ),
            shared=True,
        ),
        power(GOOD, shared=True),
    ),
    Case(
        "power.shared-index",
        "fans.cards.0",
        {**power(SPLIT, shared=True), "fans": {"cards": {"0": {"automatic": True}}}},
        {**power(SPLIT, shared=True), "fans": {"cards": {GPU_A: {"automatic": True}}}},
    ),
    Case(
        "clocks.range",
        "clocks.graphics_mhz",
        {"clocks": {"graphics_mhz": [1695, 210]}},
        {"clocks": {"graphics_mhz": [210, 1695]}},
    ),
    Case(
        "clocks.range",
        "clocks.cards.PCIE5.memory_mhz",
        {**GOOD, "clocks": {"cards": {"PCIE5": {"memory_mhz": [9751, 405]}}}},
        {**GOOD, "clocks": {"cards": {"PCIE5": {"memory_mhz": [405, 9751]}}}},
        "of one card",
    ),
    Case("fans.points", "fans.curve", fans(curve=[[83, 100]]), fans(curve=[[40, 30], [83, 100]])),
    Case("fans.point", "fans.curve.1", fans(curve=[[40, 30], [83, 110]]), fans(curve=[[40, 30], [83, 100]])),
    Case("fans.order", "fans.curve.1", fans(curve=[[65, 50], [65, 55], [83, 100]]), fans(curve=CURVE)),
    Case("fans.falls", "fans.curve.1", fans(curve=[[40, 40], [65, 35], [83, 100]]), fans(curve=CURVE)),
    Case("fans.under-least", "fans.curve.0", fans(curve=[[40, 20], [83, 100]]), fans(curve=CURVE)),
    Case(
        "fans.under-least",
        "fans.curve.0",
        fans(curve=[[40, 20], [83, 100]]),
        fans(machine(card(model="A100 80GB PCIe", cables=["EPS"])), curve=[[40, 20], [83, 100]]),
        "a card without fans has none to stall",
    ),
    Case("fans.hole", "fans.curve.1", fans(curve=[[40, 30], [83, 90]]), fans(curve=CURVE), "never full speed"),
    Case("fans.hole", "fans.curve.1", fans(curve=[[40, 30], [95, 100]]), fans(curve=CURVE), "full speed too late"),
    Case(
        "fans.hole", "fans.curve.1", {"fans": {"curve": [[40, 30], [83, 90]]}}, {"fans": {"curve": CURVE}}, "no cards"
    ),
    Case(
        "fans.hole",
        "fans.cards.PCIE5.per_fan.1.1",
        fans(curve=CURVE, cards={"PCIE5": {"per_fan": {"1": [[40, 30], [83, 90]]}}}),
        fans(curve=CURVE, cards={"PCIE5": {"per_fan": {"1": CURVE}}}),
        "of one fan",
    ),
    Case(
        "fans.no-such-fan",
        "fans.cards.PCIE5.per_fan.2",
        fans(curve=CURVE, cards={"PCIE5": {"per_fan": {"2": CURVE}}}),
        fans(curve=CURVE, cards={"PCIE5": {"per_fan": {"1": CURVE}}}),
    ),
    Case(
        "rigd.no-such-card",
        "power.cards.PCIE6",
        power(cards={"PCIE6": {"limit_w": 250}}),
        power(cards={"PCIE5": {"limit_w": 250}, "1": {"limit_w": 250}, "0000:09:00.0": {"limit_w": 250}}),
    ),
    Case(
        "rigd.card-twice",
        f"power.cards.{GPU_B}",
        power(cards={"PCIE5": {"limit_w": 250}, GPU_B: {"limit_w": 260}}),
        power(cards={"PCIE1": {"limit_w": 250}, GPU_B: {"limit_w": 260}}),
    ),
    Case(
        "rigd.which-card",
        "fans.cards.PCIE5",
        fans(UNTOLD, cards={"PCIE5": {"automatic": True}}),
        fans(machine(card("PCIE5")), cards={"PCIE5": {"automatic": True}}),
    ),
    Case(
        "rigd.unkept",
        "power",
        {**power(limit_w=280), "rigd": {"state": "absent"}},
        {**power(headroom_percent=10), "rigd": {"state": "absent"}},
    ),
    Case(
        "rigd.unkept",
        "fans",
        {**fans({}, curve=CURVE), "driver": {"state": "absent"}, "containers": {"state": "absent"}},
        {**fans({}, curve=CURVE), "driver": {"branch": 580}},
        "without a driver",
    ),
    Case(
        "rigd.port",
        "rigd.metrics.listen",
        rigd(metrics={"listen": "127.0.0.1:80"}),
        rigd(metrics={"listen": "127.0.0.1:9452"}),
    ),
    Case(
        "rigd.critical-unset",
        "rigd.critical.command",
        rigd(critical={"command": ["/usr/sbin/reboot"]}),
        rigd(critical={"temperature_c": 90, "command": ["/usr/sbin/reboot"]}),
    ),
    Case(
        "rigd.critical-command",
        "rigd.critical.command.0",
        rigd(critical={"temperature_c": 90, "command": ["reboot"]}),
        rigd(critical={"temperature_c": 90, "command": ["/usr/sbin/reboot"]}),
    ),
    Case(
        "rigd.critical-late",
        "rigd.critical.temperature_c",
        rigd(critical={"temperature_c": 96}),
        rigd(critical={"temperature_c": 92}),
    ),
]

"""Power, clocks, fans and rigd that cannot be: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "power-limit-out-of-range",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "power": {"limit_w": 90},
        "driver": {"branch": 580},
        """,
        "basement: power.limit_w = 90 [inventory/home.py:9]: expected 100 to 350 W, which is what a GeForce "
        "RTX 3090 takes (the card in PCIE1). Correct it; a card of another kind gets its own in power.cards.",
    ),
    Wrong(
        "power-limit-in-milliwatts",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "power": {"limit_w": 280000},
        "driver": {"branch": 580},
        """,
        "basement: power.limit_w = 280000 [inventory/home.py:9]: expected a whole number from 1 to 3000, or "
        "None. Correct the value: power limit of each card, W; None: the card's own default.",
    ),
    Wrong(
        "power-limit-with-unit",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "power": {"limit_w": "280 W"},
        "driver": {"branch": 580},
        """,
        "basement: power.limit_w = '280 W' [inventory/home.py:9]: expected a whole number from 1 to 3000, or "
        "None. Correct the value: power limit of each card, W; None: the card's own default.",
    ),
    Wrong(
        "budget-under-least-limits",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE3", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE5", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE7", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "power": {"shared": True, "least_w": 250},
        "driver": {"branch": 580},
        """,
        "basement: hardware.psus.main [inventory/home.py:6]: expected at most 1040 W on 'main' (80 % of 1300 "
        "W, the rest is for peaks), and it carries 1100 W at the least limits: 250 W GeForce RTX 3090 in "
        "PCIE1 + 250 W GeForce RTX 3090 in PCIE3 + 250 W GeForce RTX 3090 in PCIE5 + 250 W GeForce RTX 3090 "
        "in PCIE7 + 100 W board, memory, drives and fans. Lower power.least_w as far as the cards go. Move a "
        "card to another supply, take one out, or use a larger supply.",
    ),
    Wrong(
        "curve-falls",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "fans": {"curve": [[40, 50], [65, 40], [83, 100]]},
        "driver": {"branch": 580},
        """,
        "basement: fans.curve.1 = [65, 40] [inventory/home.py:9]: expected at least 50 %, the speed at 40 °C:"
        " slower while it gets hotter does not cool. Raise this speed, or lower the one before.",
    ),
    Wrong(
        "curve-under-the-fans-least",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "fans": {"curve": [[40, 10], [83, 100]]},
        "driver": {"branch": 580},
        """,
        "basement: fans.curve.0 = [40, 10] [inventory/home.py:9]: expected at least 30 %, the slowest that "
        "fans of a GeForce RTX 3090 can be told (the card in PCIE1). Raise it; for fans that stand while the "
        "card is cool there is fans.automatic_below_c.",
    ),
    Wrong(
        "curve-with-a-hole-above-slowdown",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "fans": {"curve": [[40, 30], [97, 100]]},
        "driver": {"branch": 580},
        """,
        "basement: fans.curve.1 = [97, 100] [inventory/home.py:9]: expected 100 % below 95 °C, where a "
        "GeForce RTX 3090 slows itself down (the card in PCIE1). Let the last point be full speed at a lower "
        "temperature.",
    ),
    Wrong(
        "curve-as-text",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "fans": {"curve": "40:30 83:100"},
        "driver": {"branch": 580},
        """,
        "basement: fans.curve = '40:30 83:100' [inventory/home.py:9]: expected points [°C, per cent], both "
        "rising, [[40, 30], [65, 55], [83, 100]], or None. Put it into square brackets: [...].",
    ),
    Wrong(
        "curve-point-of-three",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "fans": {"curve": [[40, 30, 1], [83, 100]]},
        "driver": {"branch": 580},
        """,
        "basement: fans.curve.0 = [40, 30, 1] [inventory/home.py:9]: expected a point of two whole numbers, "
        "[°C, per cent]. Correct the value.",
    ),
    Wrong(
        "clock-range-reversed",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "clocks": {"graphics_mhz": [1695, 210]},
        "driver": {"branch": 580},
        """,
        "basement: clocks.graphics_mhz = [1695, 210] [inventory/home.py:9]: expected [least, most] in MHz, "
        "the first not above the second, [210, 1695]. Correct it; `nvidia-smi -q -d SUPPORTED_CLOCKS` lists "
        "what the card takes.",
    ),
    Wrong(
        "card-of-no-slot",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "power": {"cards": {"PCIE3": {"limit_w": 250}}},
        "driver": {"branch": 580},
        """,
        "basement: power.cards.PCIE3 [inventory/home.py:9]: expected a slot of hardware.gpus (PCIE1), a UUID,"
        " a PCI address, or an index; did you mean 'PCIE1'? Correct the name.",
    ),
    Wrong(
        "card-that-cannot-be-told",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 2600}},
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE3", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE5", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE7", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "fans": {"cards": {"PCIE3": {"automatic": True}}},
        "driver": {"branch": 580},
        """,
        "basement: fans.cards.PCIE3 [inventory/home.py:14]: expected hardware.gpus.1 to have a uuid or pci: a"
        " driver does not know slots. Add one of the two (`nvidia-smi -L`, `lspci -D`).",
    ),
    Wrong(
        "metrics-for-the-world",
        """
        "rigd": {"metrics": {"listen": "0.0.0.0:9452"}},
        "driver": {"branch": 580},
        """,
        "basement: rigd.metrics.listen = '0.0.0.0:9452' [inventory/home.py:5]: expected a loopback address "
        "and a port, '127.0.0.1:9452', or None. Correct the value.",
    ),
]

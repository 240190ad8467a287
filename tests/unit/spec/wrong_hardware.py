"""Hardware that cannot be: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "gpu-unknown",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3900", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.model = 'GeForce RTX 3900' [inventory/home.py:7]: expected a card of "
        "the catalogue; did you mean 'GeForce RTX 3090'? Correct the name, or add the model with its "
        "figures to rigwright/catalog/.",
    ),
    Wrong(
        "board-unknown",
        """
        "hardware": {"board": "ASRock X99 WSE"},
        "driver": {"branch": 580},
        """,
        "basement: hardware.board = 'ASRock X99 WSE' [inventory/home.py:5]: expected a board of the "
        "catalogue: ASRock X99 WS-E; did you mean 'ASRock X99 WS-E'? Correct the name, or add the model "
        "with its figures to rigwright/catalog/.",
    ),
    Wrong(
        "cpu-unknown",
        """
        "hardware": {"cpu": "E5-2680 v4"},
        "driver": {"branch": 580},
        """,
        "basement: hardware.cpu = 'E5-2680 v4' [inventory/home.py:5]: expected a processor of the "
        "catalogue: Xeon E5-2680 v4; did you mean 'Xeon E5-2680 v4'? Correct the name, or add the model "
        "with its figures to rigwright/catalog/.",
    ),
    Wrong(
        "supply-unknown",
        """
        "hardware": {"psus": {"main": {"model": "EVGA 1300 GT"}}},
        "driver": {"branch": 580},
        """,
        "basement: hardware.psus.main.model = 'EVGA 1300 GT' [inventory/home.py:5]: expected a power "
        "supply of the catalogue: EVGA SuperNOVA 1300 GT; did you mean 'EVGA SuperNOVA 1300 GT'? Correct "
        "the name, or add the model with its figures to rigwright/catalog/.",
    ),
    Wrong(
        "supply-unrated",
        """
        "hardware": {"psus": {"main": {}}},
        "driver": {"branch": 580},
        """,
        "basement: hardware.psus.main [inventory/home.py:5]: expected a model from the catalogue, or "
        "rated_w. Add the rating in watts that is printed on it.",
    ),
    Wrong(
        "no-such-supply",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "mian"}],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.supply = 'mian' [inventory/home.py:7]: expected a name in "
        "hardware.psus: main; did you mean 'main'? Name the supply that the card's cables come from.",
    ),
    Wrong(
        "third-card-on-1300-w",
        """
        "hardware": {
            "board": "ASRock X99 WS-E",
            "cpu": "Xeon E5-2680 v4",
            "psus": {
                "main": {"model": "EVGA SuperNOVA 1300 GT"},
            },
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE3", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE5", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.psus.main [inventory/home.py:9]: expected at most 1040 W on 'main' (80 % of "
        "1300 W, the rest is for peaks), and it carries 1270 W: 350 W GeForce RTX 3090 in PCIE1 + 350 W "
        "GeForce RTX 3090 in PCIE3 + 350 W GeForce RTX 3090 in PCIE5 + 120 W Xeon E5-2680 v4 + 100 W "
        "board, memory, drives and fans. Lower power.limit_w, or set power.shared: the cards then share what "
        "is there. Move a card to another supply, take one out, or use a larger supply.",
    ),
    Wrong(
        "wrong-cables",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.cables = ['8-pin'] [inventory/home.py:8]: expected for GeForce RTX "
        "3090 2 x 8-pin or 3 x 8-pin. Declare the plugs of the supply's cables that are in use, before an "
        "adapter.",
    ),
    Wrong(
        "more-plugs-than-the-supply-has",
        """
        "hardware": {
            "psus": {
                "main": {"rated_w": 2000, "connectors": {"8-pin": 3}},
            },
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE3", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.psus.main [inventory/home.py:7]: expected at most 3 8-pin plugs in use, which "
        "is what the supply has, and the cards in PCIE1, PCIE3 use 4. Move a card to another supply; if "
        "this one has more, declare hardware.psus.main.connectors.",
    ),
    Wrong(
        "no-such-slot",
        """
        "hardware": {
            "board": "ASRock X99 WS-E",
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE8", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.slot = 'PCIE8' [inventory/home.py:9]: expected a slot of ASRock X99 "
        "WS-E: PCIE1, PCIE2, PCIE3, PCIE4, PCIE5, PCIE6, PCIE7; did you mean 'PCIE7'? Name the slot as "
        "the board's manual does.",
    ),
    Wrong(
        "slot-twice",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
                {"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.1.slot = 'PCIE1' [inventory/home.py:9]: expected a slot of its own: "
        "PCIE1 holds hardware.gpus.0 already. Correct one of the two.",
    ),
    Wrong(
        "link-wider-than-the-slot",
        """
        "hardware": {
            "board": "ASRock X99 WS-E",
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {
                    "model": "GeForce RTX 3090", "slot": "PCIE2", "cables": ["8-pin", "8-pin"], "supply": "main",
                    "pcie_width": 16,
                },
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.pcie_width = 16 [inventory/home.py:11]: expected at most 8 lanes: "
        "PCIE2 has no more. Declare the width that the link has when all is well (`lspci -vv`: LnkSta).",
    ),
    Wrong(
        "uuid-wrong",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {
                    "model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main",
                    "uuid": "3f0c1a6e",
                },
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.uuid = '3f0c1a6e' [inventory/home.py:10]: expected a GPU's UUID as "
        "`nvidia-smi -L` prints it, 'GPU-' and 36 characters, or None. Correct the value.",
    ),
]

"""What rigd was told by an apply comes back as what was declared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.capture import cards, whole
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration
from rigwright.spec.rig import Rig
from tests.unit.capture.hosts import ENABLED, OTHER_UUID, UUID, seen
from tests.unit.rules.case import card, machine

CURVE = [[40, 30], [65, 55], [80, 100]]
TWO = machine(card(uuid=UUID), card("PCIE5", uuid=OTHER_UUID))


def captured(**declared: Any) -> dict[str, Any]:
    rig = Rig.model_validate({"name": "attic", "driver": {"branch": 580}, **declared})
    told = json.dumps(configuration(rig, catalog()))
    part = cards.captured(seen(rigd_json=told, units={"rigd.service": ENABLED}))
    return whole.without_standard(part.values, whole.standard("attic", None))


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"power": {"limit_w": 280, "least_w": 150, "raise_w_per_s": 5}},
        {"power": {"limit_w": 280, "cards": {UUID: {"limit_w": 250, "priority": 2}}}},
        {"clocks": {"graphics_mhz": [210, 1800]}, "fans": {"curve": CURVE, "automatic_below_c": 40, "hysteresis_c": 5}},
        {"fans": {"curve": CURVE, "cards": {OTHER_UUID: {"curve": [[50, 50], [80, 100]]}}}},
        {"rigd": {"poll_s": 2.0, "reapply_s": 60, "critical": {"temperature_c": 92, "command": ["/bin/x", "y"]}}},
        {"rigd": {"metrics": {"listen": None, "textfile": "/var/lib/node/x.prom"}}},
    ],
    ids=str,
)
def test_it_is_read_back(declared: dict[str, Any]) -> None:
    assert captured(**TWO, **declared) == declared

"""The configuration against cards: what they cannot do, and what nobody has to be able to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from rigd.check import faults
from rigd.config import parse
from rigd.nvml import Card

RTX3090 = {
    "uuid": "GPU-1", "pci": "0000:03:00.0", "index": 0, "model": "NVIDIA GeForce RTX 3090", "limits_w": (100, 350),
    "fan_count": 2, "fan_least_percent": 30, "slowdown_c": 95, "graphics_most_mhz": 2100, "memory_most_mhz": 9751,
}  # fmt: skip


def found(entry: dict[str, Any], supplies: dict[str, Any] | None = None, **card: Any) -> list[str]:
    document = {"version": 1, "supplies": supplies or {}, "cards": [{"match": {"any": True}, **entry}]}
    return faults(parse(document), [cast(Card, SimpleNamespace(**{**RTX3090, **card}))])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"power": {"limit_w": 360}}, "power.limit_w = 360: expected 100 to 350 W"),
        ({"power": {"least_w": 50}}, "power.least_w = 50: expected 100 to 350 W"),
        ({"clocks": {"graphics_mhz": [210, 2200]}}, "clocks.graphics_mhz = [210, 2200]: expected at most 2100 MHz"),
        ({"clocks": {"memory_mhz": [405, 9999]}}, "clocks.memory_mhz = [405, 9999]: expected at most 9751 MHz"),
        ({"fans": {"curve": [[40, 20], [83, 100]]}}, "fans.curve begins at 20 %: expected 30 % or more"),
        ({"fans": {"curve": [[40, 30], [83, 90]]}}, "fans.curve ends with 90 % at 83 °C: expected 100 % below 95 °C"),
        (
            {"fans": {"curve": [[40, 30], [83, 100]], "per_fan": {"2": [[40, 30], [83, 100]]}}},
            "the card has fans 0 to 1",
        ),
        ({"critical": {"temperature_c": 97}}, "critical.temperature_c = 97: expected at most 95"),
        ({"match": {"uuid": "GPU-2"}, "required": True}, "a card (GPU-2) is not there; the cards here: GPU-1"),
    ],
)
def test_what_the_card_cannot_do_is_said(entry: dict[str, Any], said: str) -> None:
    (fault,) = found(entry)
    assert said in fault


def test_a_budget_under_the_least_limits_is_said() -> None:
    power = {"power": {"draws": {"main": {"share": 1.0}}}}
    (fault,) = found(power, {"main": {"budget_w": 90}})
    assert "least limits sum up to 100 W, its budget is 90 W" in fault
    assert found(power, {"main": {"budget_w": 100}}) == []


def test_what_a_card_does_not_have_is_asked_of_it_only_where_it_is_declared() -> None:
    bare = {"limits_w": None, "fan_count": 0, "graphics_most_mhz": None, "memory_most_mhz": None, "slowdown_c": None}
    everything = {
        "power": {"limit_w": None},
        "clocks": {"graphics_mhz": None},
        "fans": {"curve": [[40, 10], [83, 90]]},
        "critical": {"temperature_c": 100},
    }
    assert found(everything, **bare) == []
    (fault,) = found({"power": {"limit_w": 250}}, **bare)
    assert "no power limit that could be set" in fault

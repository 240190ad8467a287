"""What rigd is told, of a declaration; and rigd itself takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigd.budget import load_w
from rigd.config import Config, parse
from rigwright.catalog import catalog
from rigwright.choice.power import drawn_w
from rigwright.choice.rigd import configuration, configuration_text, kept, revision
from rigwright.spec.rig import Rig
from tests.unit.rules.case import REFERENCE, card, machine

GPU_A, GPU_B = (f"GPU-{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "ab")
CURVE = [[40, 30], [83, 100]]
TWO_SUPPLIES = {"main": {"rated_w": 1300}, "second": {"rated_w": 850}}
KNOWN = machine(card("PCIE1", uuid=GPU_A), card("PCIE5", pci="0000:04:00.0"), **REFERENCE)
FOUR = machine(
    *(card(f"PCIE{n}", pci=f"0000:0{n}:00.0") for n in (1, 3)),
    *(card(f"PCIE{n}", pci=f"0000:0{n}:00.0", supply="second") for n in (5, 7)),
    psus=TWO_SUPPLIES,
    **REFERENCE,
)


def rig(**parts: Any) -> Rig:
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, **parts})


def told(**parts: Any) -> dict[str, Any]:
    return configuration(rig(**parts), catalog())


def taken(**parts: Any) -> Config:
    """As rigd itself reads it."""
    return parse(told(**parts))


EVERYTHING = {
    "power": {
        "limit_w": 280, "least_w": 150, "priority": 2, "shared": True, "headroom_percent": 15, "circuit_w": 2000,
        "raise_w_per_s": 20, "cards": {"PCIE5": {"limit_w": 250, "least_w": 120, "priority": 5}},
    },
    "clocks": {"graphics_mhz": [210, 1800], "memory_mhz": [405, 9751], "cards": {"PCIE1": {"graphics_mhz": [0, 1500]}}},
    "fans": {
        "curve": CURVE, "memory_curve": [[70, 40], [95, 100]], "least_percent": 35, "automatic_below_c": 40,
        "hysteresis_c": 2, "fall_percent_per_s": 1.0,
        "cards": {"PCIE5": {"per_fan": {"1": CURVE}}, "PCIE1": {"automatic": True}},
    },
    "rigd": {
        "poll_s": 0.5, "reapply_s": 60, "metrics": {"listen": "127.0.0.1:9999", "textfile": "/var/lib/x/rigd.prom"},
        "critical": {"temperature_c": 90, "command": ["/usr/bin/true"]},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "parts",
    [{}, KNOWN, FOUR, {**KNOWN, **EVERYTHING}, {**FOUR, "power": {"shared": True}}, machine(card())],
    ids=["nothing", "two cards", "two supplies", "everything", "shared", "one card"],
)
def test_rigd_takes_whatever_can_be_declared(parts: dict[str, Any]) -> None:
    assert parse(told(**parts)).cards
    assert json.loads(configuration_text(rig(**parts), catalog())) == told(**parts)


def test_cards_are_found_by_what_is_known_of_them() -> None:
    config = taken(**KNOWN, power={"cards": {"7": {"limit_w": 200}}})
    assert [entry.match.text for entry in config.cards] == ["index 7", GPU_A, "0000:04:00.0", "any card"]
    assert [entry.required for entry in config.cards] == [False, True, True, False]
    assert [entry.name for entry in config.cards] == [None, "PCIE1", "PCIE5", None]


def test_the_only_card_needs_no_name() -> None:
    config = taken(**machine(card("PCIE3")), power={"limit_w": 300, "cards": {"PCIE3": {"limit_w": 250}}})
    (entry,) = config.cards
    assert (entry.match.text, entry.name, entry.required) == ("any card", "PCIE3", False)
    assert entry.power and entry.power.limit_w == 250


def test_a_card_has_its_own_values_and_else_those_of_all() -> None:
    first, second, *_ = taken(**KNOWN, **EVERYTHING).cards
    assert first.power and second.power and first.clocks and second.clocks
    assert (first.power.limit_w, first.power.least_w, first.power.priority) == (280, 150, 2)
    assert (second.power.limit_w, second.power.least_w, second.power.priority) == (250, 120, 5)
    assert (first.clocks.graphics_mhz, first.clocks.memory_mhz) == ((0, 1500), (405, 9751))
    assert second.clocks.graphics_mhz == (210, 1800)
    assert first.fans is None
    assert second.fans and second.fans.per_fan == {1: ((40.0, 30.0), (83.0, 100.0))}
    assert (second.fans.least_percent, second.fans.automatic_below_c) == (35, 40)
    assert second.critical and second.critical.command == ("/usr/bin/true",)


def test_budgets_are_ratings_less_headroom_and_what_else_hangs_there() -> None:
    config = taken(**FOUR)
    assert config.supplies_w == {"main": 1300 * 0.8 - 120 - 100, "second": 850 * 0.8}
    assert taken(**FOUR, power={"headroom_percent": 10}).supplies_w["second"] == 850 * 0.9
    assert taken(**FOUR, power={"circuit_w": 2000}).circuit_w == int(2000 * 0.87) - 220


def test_a_slot_hangs_on_the_supply_that_feeds_the_board() -> None:
    first, _, third, *_ = taken(**FOUR).cards
    assert first.power and third.power
    assert load_w(first.power.draws, "main", 350) == 350
    assert (load_w(third.power.draws, "main", 350), load_w(third.power.draws, "second", 350)) == (75, 275)
    usb = taken(**machine(card(pci="0000:01:00.0", riser="usb", supply="second"), psus=TWO_SUPPLIES))
    assert usb.cards[0].power and load_w(usb.cards[0].power.draws, "second", 350) == 350


def test_rules_and_rigd_count_alike() -> None:
    declared = rig(**FOUR)
    for gpu, entry in zip(declared.hardware.gpus, parse(configuration(declared, catalog())).cards, strict=False):
        assert entry.power
        for supply in TWO_SUPPLIES:
            mine = drawn_w(declared, catalog(), gpu, supply, 300)
            assert mine == load_w(entry.power.draws, supply, 300)


def test_without_knowing_which_card_hangs_where_rigd_keeps_no_budget_of_supplies() -> None:
    mixed = machine(card("PCIE1"), card("PCIE5", supply="second"), psus=TWO_SUPPLIES)
    config = taken(**mixed)
    assert not config.supplies_w
    assert all(entry.power and not entry.power.draws for entry in config.cards)
    one_left = machine(card("PCIE1", pci="0000:01:00.0"), card("PCIE5", supply="second"), psus=TWO_SUPPLIES)
    rest = taken(**one_left).cards[-1]
    assert rest.power and "second" in rest.power.draws, "what is left can be that one alone"


def test_it_is_there_where_it_has_something_to_keep() -> None:
    assert kept(rig())
    assert not kept(rig(rigd={"state": "absent"}))
    assert not kept(rig(driver={"state": "absent"}))


def test_a_revision_is_of_all_that_is_told() -> None:
    document = told(**KNOWN)
    assert document["revision"] == revision(document) == told(**KNOWN)["revision"]
    assert told(**KNOWN, rigd={"reapply_s": 31})["revision"] != document["revision"]
    assert parse(document).revision == document["revision"]

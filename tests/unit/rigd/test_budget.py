"""Shares of power: never over a budget, lowered at once, raised into room that is free."""

from __future__ import annotations

import random

import pytest

from rigd.budget import Claim, Draw, allot, load_w, raised

ALL = {"main": Draw()}


def claim(name: str, demand_w: float = 350, *, least_w: float = 100, most_w: float = 350, priority: float = 1) -> Claim:
    return Claim(name, least_w, most_w, demand_w, priority, ALL)


def test_where_there_is_enough_everybody_gets_the_most() -> None:
    assert allot([claim("a"), claim("b", 30)], {"main": 800}) == {"a": 350, "b": 350}


def test_what_an_idle_card_does_not_want_goes_to_one_that_does() -> None:
    found = allot([claim("a"), claim("b", 120)], {"main": 500})
    assert found == pytest.approx({"a": 350, "b": 150})


def test_equals_share_equally_and_priority_counts_above_the_least() -> None:
    assert allot([claim("a"), claim("b")], {"main": 500}) == pytest.approx({"a": 250, "b": 250})
    found = allot([claim("a", priority=3), claim("b")], {"main": 400})
    assert found == pytest.approx({"a": 250, "b": 150})


def test_a_slot_is_fed_by_the_main_supply() -> None:
    draws = {"main": Draw(66, 0), "second": Draw(0, 1)}
    assert load_w(draws, "main", 350) == 66
    assert load_w(draws, "second", 350) == 284
    assert load_w(draws, "third", 350) == 0
    found = allot([Claim("a", 100, 350, 350, 1, draws)], {"main": 100, "second": 200})
    assert found == pytest.approx({"a": 266})


def test_the_circuit_bounds_all_supplies_together() -> None:
    claims = [Claim("a", 100, 350, 350, 1, {"main": Draw()}), Claim("b", 100, 350, 350, 1, {"second": Draw()})]
    found = allot(claims, {"main": 350, "second": 350}, circuit_w=600)
    assert found == pytest.approx({"a": 300, "b": 300})


def test_a_card_on_a_full_supply_does_not_hold_up_one_on_another() -> None:
    claims = [Claim("a", 100, 350, 350, 1, {"main": Draw()}), Claim("b", 100, 350, 350, 1, {"second": Draw()})]
    assert allot(claims, {"main": 150, "second": 800}) == pytest.approx({"a": 150, "b": 350})


def test_nobody_gets_less_than_the_least_even_where_that_is_too_much() -> None:
    assert allot([claim("a"), claim("b")], {"main": 150}) == {"a": 100, "b": 100}


@pytest.mark.parametrize("seed", range(50))
def test_no_allotment_passes_a_budget(seed: int) -> None:
    chance = random.Random(seed)
    claims = []
    for number in range(chance.randint(1, 16)):
        least = chance.randint(60, 200)
        draws = {"main": Draw(chance.choice([0, 66]), 0.0), "second": Draw(0, 1.0)}
        if chance.random() < 0.5:
            draws = {"main": Draw(0, 1.0)}
        most = least + chance.randint(0, 400)
        claims.append(Claim(str(number), least, most, chance.choice([0, 200, 1e9]), chance.choice([1, 2, 5]), draws))
    least_loads = {s: sum(load_w(each.draws, s, each.least_w) for each in claims) for s in ("main", "second")}
    budgets = {supply: watts + chance.randint(0, 900) for supply, watts in least_loads.items()}
    circuit = sum(each.least_w for each in claims) + chance.randint(0, 900)
    found = allot(claims, budgets, circuit)
    for supply, budget in budgets.items():
        assert sum(load_w(each.draws, supply, found[each.name]) for each in claims) <= budget + 1e-3
    assert sum(found.values()) <= circuit + 1e-3
    assert all(each.least_w - 1e-6 <= found[each.name] <= each.most_w + 1e-6 for each in claims)


def step(in_force: dict[str, float], wanted: dict[str, float], budget: float, most: float = 10) -> dict[str, float]:
    return raised(in_force, wanted, dict.fromkeys(in_force, ALL), {"main": budget}, None, most)


def test_lowering_is_at_once_and_raising_a_step_at_a_time() -> None:
    assert step({"a": 300, "b": 100}, {"a": 150, "b": 300}, 1000) == {"a": 150, "b": 110}


def test_room_counts_only_once_it_is_free() -> None:
    assert step({"a": 350, "b": 150}, {"a": 150, "b": 350}, 500) == {"a": 150, "b": 150}
    assert step({"a": 150, "b": 150}, {"a": 150, "b": 350}, 500) == {"a": 150, "b": 160}


def test_raises_share_the_room_that_is_left() -> None:
    found = step({"a": 245, "b": 245}, {"a": 350, "b": 350}, 500)
    assert sum(found.values()) == 500


def test_over_the_budget_nobody_is_raised() -> None:
    assert step({"a": 350, "b": 200}, {"a": 350, "b": 250}, 500)["b"] == 200

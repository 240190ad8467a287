"""rigd's loop in simulated time: it cools, keeps budgets, and takes every kind of card."""

from __future__ import annotations

import random
from itertools import pairwise

import pynvml as n
import pytest

from cli.simulate.summary import reversals
from rigd.config import parse
from rigd.loop import Loop
from sim.gpu.clock import CardsClock
from sim.gpu.models import card, models
from tests.system.simulated_cards import Opened
from tests.system.simulated_rigd import Started, document, slowdown_c, truths
from tests.system.simulated_time import run

pytestmark = pytest.mark.system


# Cooling


@pytest.mark.parametrize("ambient_c", [18, 40])
@pytest.mark.parametrize("load", ["prefill", "decode", "training", "burst", "full"])
@pytest.mark.parametrize("model", models())
def test_no_card_comes_near_its_slowdown_and_no_fan_hunts(
    started: Started, model: str, load: str, ambient_c: int
) -> None:
    loop, cards = started(document(1, limit_w=card(model).power_default_w), [model], ambient_c=ambient_c)
    cards.load(0, load, seed=7)
    speeds: list[float] = []
    hottest = 0.0

    def look() -> None:
        nonlocal hottest
        truth = cards.truth(0)
        hottest = max(hottest, truth.die_c)
        if cards.now_s() > 600 and truth.fan_percent:
            speeds.append(truth.fan_percent[0])

    run(loop, cards, 1200, look)
    assert hottest < slowdown_c(model) - 3
    assert cards.truth(0).slowdown_s == 0
    assert reversals(speeds) / 10 <= 3, "a minute"


def test_fans_rest_when_the_card_does(started: Started) -> None:
    loop, cards = started(document(1))
    cards.load(0, "full")
    run(loop, cards, 300)
    assert cards.truth(0).fan_manual == (True, True)
    cards.load(0, "idle")
    run(loop, cards, 600)
    assert cards.truth(0).fan_manual == (False, False)
    assert cards.truth(0).fan_rpm == (0, 0)


def test_limits_and_clocks_are_as_declared_and_again_after_somebody_changed_them(
    started: Started, capfd: pytest.CaptureFixture[str]
) -> None:
    loop, cards = started(document(1, limit_w=280, clocks={"graphics_mhz": [210, 1400]}))
    cards.load(0, "full")
    run(loop, cards, 60)
    truth = cards.truth(0)
    assert truth.limit_w == 280
    assert truth.clock_mhz == pytest.approx(1400, abs=15)
    handle = n.nvmlDeviceGetHandleByIndex(0)
    n.nvmlDeviceSetPowerManagementLimit(handle, 350_000)
    n.nvmlDeviceSetDefaultFanSpeed_v2(handle, 1)
    n.nvmlDeviceResetGpuLockedClocks(handle)
    run(loop, cards, 40)
    truth = cards.truth(0)
    assert truth.limit_w == 280 and truth.fan_manual == (True, True)
    assert truth.clock_mhz == pytest.approx(1400, abs=15)
    said = capfd.readouterr().err
    assert said.count("was changed from 280 to 350 by somebody else") == 1
    assert loop.cards[0].foreign_writes == 2


def test_a_dry_run_sets_nothing(started: Started) -> None:
    loop, cards = started(document(1, limit_w=280), dry_run=True)
    cards.load(0, "full")
    run(loop, cards, 60)
    truth = cards.truth(0)
    assert truth.limit_w == 350 and truth.fan_manual == (False, False)
    assert loop.cards[0].limit_wanted_w == 280
    assert loop.cards[0].fans_wanted[0] > 40


# Budgets


@pytest.mark.parametrize("seed", range(10))
def test_no_sample_passes_a_budget(started: Started, seed: int) -> None:
    loop, cards = started(document(4, budget_w=900))
    for index in range(4):
        cards.load(
            index, random.Random(seed + index).choice(["burst", "training", "idle", "prefill"]), seed=seed + index
        )
    sums: list[float] = []
    run(loop, cards, 600, lambda: sums.append(sum(truth.limit_w for truth in truths(cards, 4))))
    assert max(sums[1:]) <= 900
    assert max(sums[60:]) > 600, "and the budget is used"


def test_what_one_card_leaves_another_uses(started: Started) -> None:
    def done(dynamic: bool) -> float:
        loop, cards = started(document(4, budget_w=900) if dynamic else document(4, limit_w=225))
        for index in range(4):
            cards.load(index, "training" if index < 2 else "idle", seed=index)
        run(loop, cards, 900)
        return sum(truth.work_done_s for truth in truths(cards, 4))

    assert done(dynamic=True) > 1.15 * done(dynamic=False)


def test_raising_is_slow_and_lowering_at_once(started: Started) -> None:
    loop, cards = started(document(2, budget_w=450))
    cards.load(0, "full")
    run(loop, cards, 120)
    assert cards.truth(0).limit_w > 320
    cards.load(1, "full")
    limits: list[tuple[float, float]] = []
    run(loop, cards, 60, lambda: limits.append((cards.truth(0).limit_w, cards.truth(1).limit_w)))
    rises = [after[1] - before[1] for before, after in pairwise(limits)]
    assert max(rises) <= 10.01
    assert limits[-1][1] == pytest.approx(225, abs=2)


def test_a_card_that_does_not_obey_takes_nothing_from_the_budget_of_others(started: Started) -> None:
    loop, cards = started(document(2, budget_w=450))
    cards.fault(0, "set-ignored")
    for index in (0, 1):
        cards.load(index, "full")
    run(loop, cards, 120)
    assert cards.truth(0).limit_w == 350
    assert cards.truth(1).limit_w == 100
    assert loop.cards[0].limit.trouble is not None
    assert loop.cards[0].limit.rejected < 20, "with back-off"


# Hosts of all kinds


def test_mixed_cards_and_one_without_fans(started: Started) -> None:
    names = ["rtx3090", "h100", "a6000", "rtx5090"]
    config = document(4)
    for entry, name in zip(config["cards"], names, strict=True):
        entry["power"] = {"limit_w": card(name).power_default_w}
    loop, cards = started(config, names)
    for index in range(4):
        cards.load(index, "full")
    run(loop, cards, 600)
    assert all(kept.distrust is None and kept.gone is None for kept in loop.cards)
    assert all(truth.slowdown_s == 0 for truth in truths(cards, 4))
    assert cards.truth(1).fan_percent == ()


def test_a_card_cut_into_instances_is_one_card(opened: Opened) -> None:
    cards = opened([card("h100", mig=True), card("rtx3090", 1)])
    handle = n.nvmlDeviceGetHandleByIndex(0)
    assert n.nvmlDeviceGetMigMode(handle) == [1, 1]
    with pytest.raises(n.NVMLError_NotSupported):
        n.nvmlDeviceGetUtilizationRates(handle)
    loop = Loop(parse(document(2, limit_w=300)), CardsClock(cards))
    for index in (0, 1):
        cards.load(index, "full")
    run(loop, cards, 60)
    loop.end()
    assert [kept.distrust for kept in loop.cards] == [None, None]
    assert [truth.limit_w for truth in truths(cards, 2)] == [300, 300]


@pytest.mark.parametrize("count", [0, 16])
def test_no_card_and_sixteen(started: Started, count: int) -> None:
    loop, cards = started(document(count))
    for index in range(count):
        cards.load(index, "training", seed=index)
    run(loop, cards, 60)
    assert len(loop.cards) == count
    assert all(kept.distrust is None for kept in loop.cards)


@pytest.mark.parametrize("model", models())
def test_it_knows_where_a_card_slows_down_however_the_card_tells_it(started: Started, model: str) -> None:
    loop, cards = started(document(1), [model])
    cards.load(0, "decode")
    run(loop, cards, 60)
    assert loop.cards[0].slowdown_c == slowdown_c(model)
    assert {card(each).margin for each in models()} == {True, False}, "there are cards of both kinds"


def test_an_undeclared_card_is_read_and_never_set(started: Started) -> None:
    config = document(2)
    del config["cards"][1]
    loop, cards = started(config, ["rtx3090", "rtx3090"])
    cards.load(1, "full")
    run(loop, cards, 120)
    assert loop.cards[1].reading is not None and loop.cards[1].entry is None
    assert cards.truth(1).fan_manual == (False, False)

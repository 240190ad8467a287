"""rigd's loop in simulated time: it cools, keeps budgets, and fails towards cooling."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pynvml as n
import pytest

from cli.simulate.summary import reversals
from rigd.config import parse
from rigd.loop import Loop
from rigd.service import Service
from sim.gpu.cards import Cards, Truth
from sim.gpu.clock import CardsClock
from sim.gpu.models import card, models
from tests.system.simulated_cards import Opened
from tests.system.simulated_time import run

pytestmark = pytest.mark.system

CURVE = [[40, 30], [65, 55], [80, 100]]
Started = Callable[..., tuple[Loop, Cards]]


def document(gpus: int, *, limit_w: int = 350, budget_w: int | None = None, **entry: Any) -> dict[str, Any]:
    power = {"limit_w": limit_w, **({} if budget_w is None else {"draws": {"main": {"share": 1.0}}})}
    whole = {"power": power, "fans": {"curve": CURVE, "automatic_below_c": 45}, **entry}
    return {
        "version": 1,
        "supplies": {} if budget_w is None else {"main": {"budget_w": budget_w}},
        "cards": [{"match": {"index": index}, "name": f"card{index}", **whole} for index in range(gpus)],
    }


@pytest.fixture
def started(opened: Opened) -> Iterator[Started]:
    """rigd's loop on simulated cards, not yet ticking; an earlier one is ended."""
    loops: list[Loop] = []

    def started(
        config: dict[str, Any],
        names: list[str] | None = None,
        *,
        ambient_c: float = 25,
        speed: float = 0,
        **options: Any,
    ) -> tuple[Loop, Cards]:
        for loop in loops:
            loop.end()  # its session would keep the cards that were
        loops.clear()
        names = names or ["rtx3090"] * len(config["cards"])
        cards = opened([card(name, index) for index, name in enumerate(names)], ambient_c=ambient_c, speed=speed)
        loops.append(Loop(parse(config), CardsClock(cards), **options))
        return loops[-1], cards

    yield started
    for loop in loops:
        loop.end()


def truths(cards: Cards, count: int) -> list[Truth]:
    return [cards.truth(index) for index in range(count)]


def slowdown_c(name: str) -> int:
    return card(name).temperature_slowdown_c


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


# Faults


def settled(started: Started, gpus: int = 2, load: str = "full") -> tuple[Loop, Cards]:
    loop, cards = started(document(gpus))
    for index in range(gpus):
        cards.load(index, load)
    run(loop, cards, 120)
    return loop, cards


@pytest.mark.parametrize("kind", ["temperature-unreadable", "temperature-absurd"])
def test_a_temperature_that_cannot_be_believed_is_too_hot(started: Started, kind: str) -> None:
    loop, cards = settled(started)
    beside = cards.truth(1)
    cards.fault(0, kind)
    run(loop, cards, 5)
    assert cards.truth(0).fan_percent[0] > 90
    assert cards.truth(0).limit_w == 350, "for some seconds fans alone"
    run(loop, cards, 15)
    assert cards.truth(0).limit_w == 100
    assert cards.truth(1).limit_w == 350
    assert cards.truth(1).fan_percent[0] == pytest.approx(beside.fan_percent[0], abs=8)
    cards.clear(0)
    run(loop, cards, 120)
    assert cards.truth(0).limit_w == 350
    assert cards.truth(0).fan_percent[0] < 90


def test_a_temperature_that_stands_while_power_moves_is_not_believed(started: Started) -> None:
    loop, cards = settled(started, load="idle")
    cards.fault(0, "temperature-stuck")
    cards.load(0, "full")
    run(loop, cards, 90)
    assert loop.cards[0].distrust is not None and "stands at" in loop.cards[0].distrust
    assert cards.truth(0).fan_percent[0] > 90


def test_a_fan_that_does_not_cool_costs_power_and_gives_it_back(started: Started) -> None:
    loop, cards = settled(started)
    cards.fault(0, "fan-stuck")
    hottest: list[float] = []
    run(loop, cards, 300, lambda: hottest.append(cards.truth(0).die_c))
    assert max(hottest) < slowdown_c("rtx3090")
    assert cards.truth(0).limit_w < 300
    assert cards.truth(1).limit_w == 350
    cards.clear(0)
    run(loop, cards, 1200)
    assert cards.truth(0).limit_w == 350


def test_a_fan_that_stalls_at_its_least_is_found_and_given_more(started: Started) -> None:
    config = document(1, fans={"curve": [[60, 30], [80, 100]]})
    loop, cards = started(config)
    cards.fault(0, "minimum-ignored", value=44)
    cards.load(0, "idle")
    run(loop, cards, 120)
    truth = cards.truth(0)
    assert all(rpm > 1000 for rpm in truth.fan_rpm)
    assert truth.limit_w == 350


@pytest.mark.parametrize("kind", ["lost", "reset-required"])
def test_a_lost_card_disturbs_no_other_and_comes_back(started: Started, kind: str) -> None:
    loop, cards = settled(started)
    cards.fault(0, kind)
    run(loop, cards, 60)
    assert loop.cards[0].gone is not None
    assert loop.cards[1].gone is None and loop.cards[1].distrust is None
    assert cards.truth(1).fan_manual == (True, True)
    cards.clear(0)
    assert cards.truth(0).fan_manual == (False, False)
    run(loop, cards, 60)
    assert loop.cards[0].gone is None
    assert cards.truth(0).fan_manual == (True, True)


def test_a_card_that_comes_back_finds_room_for_its_default_limit(started: Started) -> None:
    loop, cards = started(document(2, limit_w=300, budget_w=500))
    for index in (0, 1):
        cards.load(index, "full")
    run(loop, cards, 120)
    assert [truth.limit_w for truth in truths(cards, 2)] == pytest.approx([250, 250], abs=2)
    cards.fault(0, "lost")
    run(loop, cards, 10)
    assert cards.truth(1).limit_w == 150
    cards.clear(0)
    sums: list[float] = []
    run(loop, cards, 90, lambda: sums.append(sum(truth.limit_w for truth in truths(cards, 2))))
    assert max(sums) <= 500


def test_a_driver_loaded_anew_means_a_new_session_and_everything_set_again(started: Started) -> None:
    loop, cards = settled(started)
    n.nvmlShutdown()  # this test's own session: the loop's is the only one in its process, as on a host
    try:
        cards.fault(0, "lost")
        cards.clear(0)  # as after a reset: nothing is set any more
        cards.fault(0, "mismatch")
        run(loop, cards, 30)
    finally:
        n.nvmlInit()
    assert loop.session_trouble is None
    assert loop.restarts >= 1
    assert [truth.limit_w for truth in truths(cards, 2)] == [350, 350]
    assert cards.truth(0).fan_manual == (True, True)


def test_calls_that_fail_now_and_then_are_borne(started: Started) -> None:
    loop, cards = settled(started)
    for _ in range(20):
        cards.fault(0, "call-fails", calls=1)
        run(loop, cards, 3)
    assert loop.cards[0].gone is None
    run(loop, cards, 60)
    assert cards.truth(0).limit_w == 350
    assert loop.cards[0].distrust is None


def test_a_hung_call_costs_its_card_alone(started: Started) -> None:
    loop, cards = started(document(2), deadline_s=0.3)
    for index in (0, 1):
        cards.load(index, "full")
    run(loop, cards, 60)
    cards.fault(0, "hang", function="nvmlDeviceGetPowerUsage")
    run(loop, cards, 30)
    assert loop.cards[0].gone is not None
    assert loop.cards[1].gone is None and loop.cards[1].distrust is None
    assert loop.cards[1].read_at == pytest.approx(cards.now_s(), abs=1.1)
    cards.clear(0)
    run(loop, cards, 5)
    for _ in range(100):  # its call comes back in real time
        time.sleep(0.05)
        run(loop, cards, 1)
        if loop.cards[0].gone is None:
            break
    assert loop.cards[0].gone is None
    assert cards.truth(0).fan_manual == (True, True)


def test_a_critical_temperature_caps_the_card_until_it_is_cool(started: Started) -> None:
    loop, cards = started(document(1, critical={"temperature_c": 60}))
    cards.load(0, "full")
    limits: list[float] = []
    run(loop, cards, 200, lambda: limits.append(cards.truth(0).limit_w))
    assert 100 in limits
    cards.load(0, "idle")
    run(loop, cards, 200)
    assert cards.truth(0).limit_w == 350


def test_after_a_suspend_everything_is_set_again(started: Started) -> None:
    loop, cards = started(document(1, limit_w=280))
    clock = loop._clock
    assert isinstance(clock, CardsClock)
    run(loop, cards, 10)
    handle = n.nvmlDeviceGetHandleByIndex(0)
    n.nvmlDeviceResetGpuLockedClocks(handle)
    before = loop.cards[0].limit._set_at
    clock.slept_s += 3600
    run(loop, cards, 2)
    assert loop.cards[0].limit._set_at != before


def test_the_end_hands_every_fan_back(started: Started) -> None:
    loop, cards = settled(started)
    assert cards.truth(0).fan_manual == (True, True)
    loop.end()
    assert [truth.fan_manual for truth in truths(cards, 2)] == [(False, False)] * 2


def test_an_error_in_the_loop_ends_it_with_the_fans_handed_back(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cards = started(document(2))
    for index in (0, 1):
        cards.load(index, "full")
    (tmp_path / "rigd.json").write_text(json.dumps(document(2)))
    ticks = 0

    def tick(loop: Loop) -> None:
        nonlocal ticks
        Loop.tick(loop)
        cards.advance(1)
        ticks += 1
        if ticks == 40:
            assert cards.truth(0).fan_manual == (True, True)
            raise RuntimeError("what nobody thought of")

    monkeypatch.setattr("rigd.service.Loop", type("Failing", (Loop,), {"tick": tick}))
    monkeypatch.setattr("rigd.service.RealClock", lambda: CardsClock(cards))
    with pytest.raises(RuntimeError, match="nobody thought of"):
        Service(str(tmp_path / "rigd.json"), str(tmp_path / "status.json"), dry_run=False).run()
    assert [truth.fan_manual for truth in truths(cards, 2)] == [(False, False)] * 2


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

"""rigd's loop in simulated time: it fails towards cooling, and one card's trouble is no other's."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pynvml as n
import pytest

from rigd.loop import Loop
from rigd.service import Service
from sim.gpu.cards import Cards
from sim.gpu.clock import CardsClock
from tests.system.simulated_rigd import Started, document, slowdown_c, truths
from tests.system.simulated_time import run

pytestmark = pytest.mark.system


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

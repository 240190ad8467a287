"""Every fault, at a random moment, on a random card under a random load in a random room: two hundred times."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pynvml as n
import pytest

from rigd.config import parse
from rigd.loop import Loop
from sim.gpu.cards import FAULTS, SCHEDULES, Cards, Truth
from sim.gpu.clock import CardsClock
from sim.gpu.models import card, models
from tests.system.simulated_cards import Opened
from tests.system.simulated_time import run

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEEDS = 200
LONGEST_S = 10
"""So long over slowdown at most."""
UNCONTROLLED = ("set-ignored", "hang", "lost", "reset-required")
"""Nothing can be set on such a card: it is left to its own hardware. rigd's affair is that no other suffers."""


@dataclass(frozen=True)
class Scene:
    """What one seed comes to."""

    models: tuple[str, str]
    loads: tuple[str, str]
    room_c: float
    kind: str
    at_s: int
    after_s: int


def scene(seed: int) -> Scene:
    chance = random.Random(seed)
    return Scene(
        (chance.choice(models()), chance.choice(models())),
        (chance.choice(SCHEDULES), chance.choice(SCHEDULES)),
        chance.uniform(18, 40),
        FAULTS[seed % len(FAULTS)],
        chance.randint(30, 300),
        chance.randint(200, 500),
    )


def document(names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "version": 1,
        "cards": [
            {
                "match": {"index": index},
                "power": {"limit_w": card(name).power_default_w},
                "fans": {"curve": [[40, 30], [60, 50], [75, 80], [83, 100]], "automatic_below_c": 45},
            }
            for index, name in enumerate(names)
        ],
    }


@pytest.fixture
def loops() -> Iterator[list[Loop]]:
    begun: list[Loop] = []
    yield begun
    for loop in begun:
        loop.end()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_fails_towards_cooling(opened: Opened, loops: list[Loop], seed: int) -> None:
    what = scene(seed)
    cards = opened([card(name, index) for index, name in enumerate(what.models)], ambient_c=what.room_c)
    loop = Loop(parse(document(what.models)), CardsClock(cards), deadline_s=0.3)
    loops.append(loop)
    for index, load in enumerate(what.loads):
        cards.load(index, load, seed + index)
    run(loop, cards, what.at_s)
    before = [cards.truth(index).slowdown_s for index in (0, 1)]
    if what.kind == "mismatch":  # this session would keep the library as it is: on a host rigd's is the only one
        n.nvmlShutdown()
    _break(cards, what)
    run(loop, cards, what.after_s)
    if what.kind == "mismatch":
        n.nvmlInit()
    faulty, healthy = cards.truth(0), cards.truth(1)

    if what.kind not in UNCONTROLLED and faulty.slowdown_s - before[0] > LONGEST_S:
        assert _physics_forbid(opened, loop, what), f"{what}: {faulty.slowdown_s - before[0]:.0f} s over slowdown"
        return  # its cards are others now
    assert healthy.slowdown_s == before[1] == 0
    assert loop.cards[1].gone is None and loop.cards[1].distrust is None, what
    assert healthy.limit_w == card(what.models[1]).power_default_w
    for manual, wanted in zip(healthy.fan_manual, loop.cards[1].fans_wanted, strict=True):
        assert manual == (wanted >= 0)
    _has_answered(loop, faulty, what)
    loop.end()
    for index, truth in enumerate((cards.truth(0), cards.truth(1))):
        if index == 1 or what.kind not in UNCONTROLLED:
            assert not any(truth.fan_manual), "at rigd's end fans are the cards' own"
    cards.clear(0)


def _has_answered(loop: Loop, faulty: Truth, what: Scene) -> None:
    """What rigd has to have done about the card by now, whatever its hardware did."""
    least_w, default_w = card(what.models[0]).power_min_w, card(what.models[0]).power_default_w
    if what.kind in ("temperature-unreadable", "temperature-absurd"):
        assert min(faulty.fan_percent, default=100) > 95
        assert faulty.limit_w == least_w
    elif what.kind in ("call-fails", "mismatch"):
        assert loop.session_trouble is None and loop.cards[0].gone is None and loop.cards[0].distrust is None
        assert faulty.limit_w == default_w
    elif what.kind == "fan-stuck" and faulty.die_c > card(what.models[0]).temperature_slowdown_c - 8:
        assert not faulty.fan_percent or faulty.limit_w < default_w
    elif what.kind == "minimum-ignored":
        turning = zip(faulty.fan_manual, faulty.fan_rpm, strict=True)
        assert all(rpm > 0 for manual, rpm in turning if manual)


def _break(cards: Cards, what: Scene) -> None:
    cards.fault(0, what.kind, calls=30 if what.kind == "call-fails" else -1)


def _physics_forbid(opened: Opened, loop: Loop, what: Scene) -> bool:
    """Whether the card passes its slowdown though all is done that can be: least power, what turns at full speed."""
    loop.end()
    cards = opened([card(name, index) for index, name in enumerate(what.models)], ambient_c=what.room_c)
    for index, load in enumerate(what.loads):
        cards.load(index, load)
    cards.advance(what.at_s)
    start = cards.truth(0)
    _break(cards, what)
    handle = n.nvmlDeviceGetHandleByIndex(0)
    n.nvmlDeviceSetPowerManagementLimit(handle, 1000 * card(what.models[0]).power_min_w)
    for fan in range(len(start.fan_percent)):
        n.nvmlDeviceSetFanSpeed_v2(handle, fan, 100)
    cards.advance(what.after_s)
    end: Truth = cards.truth(0)
    return end.slowdown_s - start.slowdown_s > LONGEST_S


def test_every_kind_of_fault_has_its_turns() -> None:
    kinds = [scene(seed).kind for seed in range(SEEDS)]
    assert set(kinds) == set(FAULTS)
    assert min(map(kinds.count, FAULTS)) >= 18

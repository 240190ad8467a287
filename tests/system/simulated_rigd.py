"""rigd's loop on simulated cards, for tests of what it does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rigd.config import parse
from rigd.loop import Loop
from sim.gpu.cards import Cards, Truth
from sim.gpu.clock import CardsClock
from sim.gpu.models import card
from tests.system.simulated_cards import Opened

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

"""docs/closed-loop.md says what the loop does today: a part of its runs, made again."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor

import pytest

from bench.closed_loop import DOCUMENT, MODELS, ROOMS_C, Row, run

pytestmark = pytest.mark.system

AGAIN = [(model, load, room) for model in MODELS for load, room in (("burst", 40), ("training", 40), ("training", 25))]
TOLERANCE_K, TOLERANCE_PERCENT = 1.5, 2.5
"""The document rounds, and another processor's last digits lead to other ticks."""


@pytest.fixture(scope="module")
def again() -> dict[tuple[str, str, int], Row]:
    with ProcessPoolExecutor(max_workers=2, max_tasks_per_child=1) as pool:
        return dict(zip(AGAIN, pool.map(run, *zip(*AGAIN, strict=True)), strict=True))


def documented() -> dict[tuple[str, str, int], tuple[float, float | None]]:
    """(model, load, room) → hottest core, °C, and mean fan speed, %."""
    found = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 + len(ROOMS_C) and (named := re.match(r"(.+) \(\d+ °C\)$", cells[0])):
            for room, cell in zip(ROOMS_C, cells[2:], strict=False):
                hottest, fan = cell.removesuffix(" t").split(" / ")
                found[named[1], cells[1], room] = (float(hottest), None if fan == "-" else float(fan))
    return found


@pytest.mark.parametrize("which", AGAIN, ids=lambda each: " ".join(map(str, each)))
def test_the_document_says_what_is(again: dict[tuple[str, str, int], Row], which: tuple[str, str, int]) -> None:
    row, (hottest, fan) = again[which], documented()[which]
    assert row.hottest_c == pytest.approx(hottest, abs=TOLERANCE_K), "make closed-loop"
    assert (fan is None) == (row.fan_percent is None)
    assert fan is None or row.fan_percent == pytest.approx(fan, abs=TOLERANCE_PERCENT), "make closed-loop"
    assert not list(row.faults())


def test_the_document_is_whole() -> None:
    assert len(documented()) == 120

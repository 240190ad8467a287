"""`python -m bench.closed_loop` writes docs/closed-loop.md: rigd's loop around every card model, under every load.

Each run is two cards side by side for half an hour, with their own power limits and the fan curve of profile
`inference`, from cold. Exit status 1 where one of the bounds is passed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from cli.simulate.run import Record, Scene, simulate
from cli.simulate.summary import summarize
from cli.simulated import simulated_cards
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration
from rigwright.spec.load import load_rigs
from rigwright.spec.rig import Rig

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/closed-loop.md"
MODELS = {
    "GeForce RTX 3090": ["8-pin", "8-pin"],
    "GeForce RTX 4090": ["12VHPWR"],
    "GeForce RTX 5090": ["12V-2x6"],
    "RTX A6000": ["EPS"],
    "H100 80GB HBM3": [],
}
"""Model of the catalogue → plugs."""
LOADS = ("idle", "decode", "prefill", "burst", "training", "full")
ROOMS_C = (18, 25, 32, 40)
SECONDS = 1800.0
WINDOW_S, BAND_K, LAST_S = 300, 3.0, 600
MARGIN_K, MOST_REVERSALS_PER_MIN, MOST_SETTLE_S = 3, 1.0, 600

HEADING = f"""\
# rigd's loop, closed around simulated cards

Written by `make closed-loop`. Two cards side by side for half an hour from cold, with their own power limits and the
fan curve of profile `inference`. The cards are a model: what each of its figures is from stands in
`sim/gpu/models.toml`; many are guesses. So this shows that the loop is sound, not how warm your cards will be.

Bounds, all held: at least {MARGIN_K} °C below slowdown; after {MOST_SETTLE_S} s fans turn back at most
{MOST_REVERSALS_PER_MIN:g} time a minute (by more than 5 %; the worst of a row is shown); settled within
{MOST_SETTLE_S} s, when the core's mean over {WINDOW_S} s stays within {BAND_K:g} °C of that of the last {LAST_S} s.

In each field: hottest core, °C / mean fan speed, %. `t`: the card held its clock back for heat for more than 1 % of
the time.
"""


@dataclass(frozen=True)
class Row:
    """One run; of two cards the worse. ``settled_s``: from when on the core's running mean stays where it ends."""

    model: str
    load: str
    room_c: int
    hottest_c: float
    slowdown_c: int
    fan_percent: float | None
    reversals_per_min: float
    settled_s: int
    thermal_percent: float

    def faults(self) -> Iterator[str]:
        """Which bounds it passes."""
        where = f"{self.model}, {self.load}, {self.room_c} °C"
        if self.hottest_c > self.slowdown_c - MARGIN_K:
            yield f"{where}: {self.hottest_c} °C, slowdown is at {self.slowdown_c} °C"
        if self.reversals_per_min > MOST_REVERSALS_PER_MIN:
            yield f"{where}: fans turn back {self.reversals_per_min} times a minute"
        if self.settled_s > MOST_SETTLE_S:
            yield f"{where}: settled after {self.settled_s} s"


def declared(model: str) -> Rig:
    """The reference machine with two such cards, their own power limits, and a supply for both."""
    gpus = [{"model": model, "slot": slot, "cables": MODELS[model], "supply": "main"} for slot in ("PCIE1", "PCIE3")]
    overrides: dict[str, Any] = {
        "hardware.psus": {"main": {"rated_w": 4000, "model": None, "connectors": {}}},
        "hardware.gpus": gpus,
        "power.limit_w": None,
        "driver.branch": 580,
    }
    assignments = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    return load_rigs(ROOT, hosts=["basement"], overrides=assignments).rigs["basement"]


def run(model: str, load: str, room_c: int) -> Row:
    """One of them."""
    rig = declared(model)
    record = simulate(
        configuration(rig, catalog()), simulated_cards(rig), Scene([load] * 2, float(room_c), SECONDS, seed=7)
    )
    settled = max(settled_s(record, index) for index in range(2))
    cards = summarize(record, settle_s=MOST_SETTLE_S).cards
    fans = [card.mean_fan_percent for card in cards if card.mean_fan_percent is not None]
    return Row(
        model,
        load,
        room_c,
        max(card.hottest_c for card in cards),
        cards[0].slowdown_c,
        max(fans) if fans else None,
        max(card.reversals_per_min for card in cards),
        settled,
        max(card.thermal_percent for card in cards),
    )


def settled_s(record: Record, index: int) -> int:
    """From when on the running mean of the core's temperature stays within a band around that of the end."""
    cores = [truths[index].die_c for truths in record.truths]
    end = fmean(cores[-LAST_S:])
    means = [fmean(cores[max(0, stop - WINDOW_S) : stop]) for stop in range(1, len(cores) + 1)]
    outside = [second for second, mean in enumerate(means) if abs(mean - end) > BAND_K]
    return max(0, (outside[-1] + 1 if outside else 0) - WINDOW_S // 2)


def rows(workers: int) -> list[Row]:
    """All of them, in order."""
    wanted = [(model, load, room) for model in MODELS for load in LOADS for room in ROOMS_C]
    with ProcessPoolExecutor(max_workers=workers, max_tasks_per_child=1) as pool:
        futures = [pool.submit(run, *each) for each in wanted]
        return [future.result() for future in futures]


def text(found: Sequence[Row]) -> str:
    """The document."""
    lines = [
        HEADING,
        f"| card (slowdown) | load | {' | '.join(f'{room} °C' for room in ROOMS_C)} | fans turn back | settled, s |",
        f"| --- | --- | {' | '.join('---' for _ in ROOMS_C)} | --- | --- |",
    ]
    for (model, load), group in groupby(found, key=lambda row: (row.model, row.load)):
        each = list(group)
        fields = [field(row) for row in each]
        turns = max(row.reversals_per_min for row in each)
        settled = max(row.settled_s for row in each)
        lines.append(f"| {model} ({each[0].slowdown_c} °C) | {load} | {' | '.join(fields)} | {turns:.2f} | {settled} |")
    return "\n".join(lines) + "\n"


def field(row: Row) -> str:
    """One run in the table."""
    fan = "-" if row.fan_percent is None else f"{row.fan_percent:.0f}"
    return f"{row.hottest_c:.0f} / {fan}{' t' if row.thermal_percent > 1 else ''}"


def main() -> int:
    """Run, write, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.closed_loop", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    found = rows(options.workers)
    faults = [fault for row in found for fault in row.faults()]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        DOCUMENT.write_text(text(found), encoding="utf-8")
        print(f"{DOCUMENT.relative_to(ROOT)} written: {len(found)} runs")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

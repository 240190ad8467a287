"""`python -m bench.shared_power` writes docs/shared-power.md: four cards on two supplies, shared and under equal caps.

Exit status 1 where a sample passes a supply's budget, or sharing loses more work than caps do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from cli.simulate.run import Record, Scene, simulate
from cli.simulated import simulated_cards
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration
from rigwright.spec.load import load_rigs
from rigwright.spec.rig import Rig

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/shared-power.md"
PLACES = (("PCIE1", "main"), ("PCIE3", "main"), ("PCIE5", "second"), ("PCIE7", "second"))
LOADS = {
    "bursts on all": ("burst", "burst", "burst", "burst"),
    "training on all": ("training", "training", "training", "training"),
    "training on two, bursts on two": ("training", "burst", "training", "burst"),
    "training on two, two idle": ("training", "idle", "training", "idle"),
}
SEEDS = (1, 2, 3)
SECONDS, ROOM_C = 1800.0, 25.0
LIMIT_W, CAP_W = 420, 335
"""The cards' own limit; and the highest that all four can have at once without passing a budget."""

HEADING = f"""\
# Power, shared and under equal caps

Written by `make closed-loop`. Four RTX 3090 of the partner kind ({LIMIT_W} W by themselves), two on a 1300 W supply
with board and processor, two on one of 850 W; half an hour of simulated work, means of {len(SEEDS)} seeds.
`power.shared` against one limit for all, {CAP_W} W, which is the highest that passes no budget. Budgets for cards:
820 W and 680 W.

Work lost: to the highest clock. Over budget: samples, one a second, in which the limits in force on a supply summed up
to more than its budget.

| load | lost, shared | lost, equal caps | ratio | over budget, shared | over budget, equal caps |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Outcome:
    """One run: the share of the asked work that was lost, per cent, and samples over a budget."""

    lost_percent: float
    over_budget: int


@dataclass(frozen=True)
class Row:
    """One load: both ways."""

    load: str
    shared: Sequence[Outcome]
    capped: Sequence[Outcome]

    @property
    def lost_shared(self) -> float:
        """Mean over the seeds, per cent."""
        return fmean(each.lost_percent for each in self.shared)

    @property
    def lost_capped(self) -> float:
        """Mean over the seeds, per cent."""
        return fmean(each.lost_percent for each in self.capped)

    def faults(self) -> Iterator[str]:
        """What is not as it should be."""
        if over := sum(each.over_budget for each in self.shared):
            yield f"{self.load}: {over} samples over budget"
        if self.lost_shared >= self.lost_capped:
            yield f"{self.load}: sharing loses {self.lost_shared:.1f} %, caps {self.lost_capped:.1f} %"


def declared(**power: Any) -> Rig:
    """The machine, with these keys of `power`."""
    gpus = [
        {
            "model": "GeForce RTX 3090",
            "slot": slot,
            "cables": ["8-pin"] * 3,
            "supply": supply,
            "pci": f"0000:{3 + index:02x}:00.0",
        }
        for index, (slot, supply) in enumerate(PLACES)
    ]
    overrides: dict[str, Any] = {
        "hardware.psus": {"main": {"rated_w": 1300, "model": None, "connectors": {}}, "second": {"rated_w": 850}},
        "hardware.gpus": gpus,
        "driver.branch": 580,
        "power": power,
    }
    assignments = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    return load_rigs(ROOT, hosts=["basement"], overrides=assignments).rigs["basement"]


def run(rig: Rig, loads: Sequence[str], seed: int) -> Outcome:
    """One run."""
    scene = Scene(loads, ROOM_C, SECONDS, seed=10 * seed)
    return outcome(simulate(configuration(rig, catalog()), simulated_cards(rig), scene))


def outcome(record: Record) -> Outcome:
    """What a run comes to."""
    asked = sum(last.work_asked_s - first.work_asked_s for first, last in _ends(record))
    done = sum(last.work_done_s - first.work_done_s for first, last in _ends(record))
    over = sum(
        load > record.config.supplies_w[supply] + 0.5 for supply, loads in record.loads_w.items() for load in loads
    )
    return Outcome(100 * (1 - done / asked) if asked else 0.0, over)


def _ends(record: Record) -> Iterator[Any]:
    return zip(record.truths[0], record.truths[-1], strict=True)


def row(load: str, seeds: Sequence[int] = SEEDS) -> Row:
    """One load, both ways."""
    shared, capped = declared(shared=True, limit_w=LIMIT_W), declared(limit_w=CAP_W)
    loads = LOADS[load]
    return Row(load, [run(shared, loads, seed) for seed in seeds], [run(capped, loads, seed) for seed in seeds])


def text(rows: Sequence[Row]) -> str:
    """The document."""
    lines = [
        f"| {row.load} | {row.lost_shared:.1f} % | {row.lost_capped:.1f} % | {row.lost_shared / row.lost_capped:.2f} | "
        f"{sum(each.over_budget for each in row.shared)} | {sum(each.over_budget for each in row.capped)} |"
        for row in rows
    ]
    return HEADING + "\n".join(lines) + "\n"


def main() -> int:
    """Run, write, judge."""
    rows = [row(load) for load in LOADS]
    faults = [fault for each in rows for fault in each.faults()]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        DOCUMENT.write_text(text(rows), encoding="utf-8")
        print(f"{DOCUMENT.relative_to(ROOT)} written")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

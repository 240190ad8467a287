"""What a simulated run comes to, in figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.simulate.run import Record
from rigd.nvml import REASONS

THERMAL = ("sw_thermal", "hw_thermal", "hw_slowdown")
NOISE_EXPONENT = 50
"""Fan laws: sound power grows by 50 dB a factor of ten in speed (ASHRAE Handbook, HVAC Applications, Sound)."""
SILENT = 1e-9
"""Of the sound power of a fan at full speed: 90 dB less, fans that run down."""
REVERSAL_PERCENT = 5.0
"""A fan that turns back by less is not heard to."""


@dataclass(frozen=True)
class CardSummary:
    """One card. Temperatures in °C, shares of the run in per cent, `noise_db` to one fan at full speed."""

    name: str
    model: str
    hottest_c: float
    hottest_memory_c: float
    slowdown_c: int
    over_slowdown_s: float
    thermal_percent: float
    power_cap_percent: float
    mean_power_w: float
    energy_kwh: float
    mean_fan_percent: float | None
    most_fan_percent: float | None
    noise_db: float | None
    reversals_per_min: float
    work_percent: float
    """Of the work that was asked for, at the highest clock."""


@dataclass(frozen=True)
class SupplySummary:
    """One supply, W: the least that its budget had left over the limits in force, and over what was drawn."""

    name: str
    budget_w: float
    margin_w: float
    drawn_margin_w: float


@dataclass(frozen=True)
class Summary:
    """The whole run."""

    cards: Sequence[CardSummary]
    supplies: Sequence[SupplySummary]

    @property
    def sound(self) -> bool:
        """Whether no card reached its slowdown temperature, and no supply's limits passed its budget."""
        return not any(card.over_slowdown_s for card in self.cards) and all(
            each.margin_w >= -1 for each in self.supplies
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"sound": self.sound, **asdict(self)}


def summarize(record: Record, settle_s: float = 0.0) -> Summary:
    """Sum it up. Fans' reversals count from ``settle_s`` on, budgets from the third tick, when all is set."""
    return Summary(
        [_card(record, index, settle_s) for index in range(len(record.gpus))],
        [
            SupplySummary(
                name,
                budget,
                round(min((budget - load for load in record.loads_w[name][3:]), default=budget), 1),
                round(min((budget - load for load in record.drawn_w[name][3:]), default=budget), 1),
            )
            for name, budget in record.config.supplies_w.items()
        ],
    )


def _card(record: Record, index: int, settle_s: float) -> CardSummary:
    gpu, series = record.gpus[index], [truths[index] for truths in record.truths]
    first, last = series[0], series[-1]
    seconds = max(1e-9, record.times_s[-1] - record.times_s[0])
    fans = [sum(each.fan_percent) / len(each.fan_percent) for each in series if each.fan_percent]
    late = [fan for time, fan in zip(record.times_s, fans, strict=False) if time >= settle_s]
    asked = last.work_asked_s - first.work_asked_s
    return CardSummary(
        name=record.names[index],
        model=gpu.name,
        hottest_c=round(max(each.die_c for each in series), 1),
        hottest_memory_c=round(max(each.memory_c for each in series), 1),
        slowdown_c=gpu.temperature_slowdown_c,
        over_slowdown_s=round(last.slowdown_s, 1),
        thermal_percent=_share([any(name in reasons(each.reasons) for name in THERMAL) for each in series]),
        power_cap_percent=_share(["power_cap" in reasons(each.reasons) for each in series]),
        mean_power_w=round((last.energy_j - first.energy_j) / seconds, 1),
        energy_kwh=round((last.energy_j - first.energy_j) / 3.6e6, 3),
        mean_fan_percent=round(sum(fans) / len(fans), 1) if fans else None,
        most_fan_percent=round(max(fans), 1) if fans else None,
        noise_db=_noise_db([each.fan_percent for each in series]) if fans else None,
        reversals_per_min=round(reversals(late) / max(1.0, (record.times_s[-1] - settle_s) / 60), 2),
        work_percent=round(100 * (last.work_done_s - first.work_done_s) / asked, 1) if asked > 0 else 100.0,
    )


def reasons(bits: int) -> list[str]:
    """What holds a clock back, by NVML's bits."""
    return [name for bit, name in REASONS.items() if bits & bit]


def _share(hits: Sequence[bool]) -> float:
    return round(100 * sum(hits) / max(1, len(hits)), 1)


def _noise_db(fans: Sequence[Sequence[float]]) -> float | None:
    """The mean sound power of a card's fans over the run, in dB to one of them at full speed; None: they all stood."""
    powers = [sum((percent / 100) ** (NOISE_EXPONENT / 10) for percent in each) for each in fans]
    mean = sum(powers) / max(1, len(powers))
    return round(10 * math.log10(mean), 1) if mean > SILENT else None


def reversals(speeds: Sequence[float], least_percent: float = REVERSAL_PERCENT) -> int:
    """How often a fan turned from faster to slower or back by more than a little."""
    turns, direction, turning_point = 0, 0, speeds[0] if speeds else 0.0
    for speed in speeds:
        if direction >= 0 and speed < turning_point - least_percent:
            turns, direction, turning_point = turns + (direction > 0), -1, speed
        elif direction <= 0 and speed > turning_point + least_percent:
            turns, direction, turning_point = turns + (direction < 0), 1, speed
        elif (direction >= 0 and speed > turning_point) or (direction <= 0 and speed < turning_point):
            turning_point = speed
    return turns

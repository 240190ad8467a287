"""A simulated run, drawn: temperature, fans, power, and what held the clocks back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from cli.simulate.run import Record
from cli.simulate.summary import THERMAL, reasons
from sim.gpu.cards import Truth

POINTS = 1500
"""Of a line in a file: more than it has pixels."""
ENDINGS = (".svg", ".png")


MEAN_S = 10
"""A card's draw jumps from one tick to the next: its mean over so long is drawn."""


class Panel(NamedTuple):
    """One of the charts, one above the other. ``of``: what is drawn of a card; ``dashed``: beside it."""

    title: str
    of: Callable[[Truth], float]
    dashed: Callable[[Truth], float] | None = None
    mean: bool = False

    def series(self, record: Record, index: int) -> list[float]:
        """Of one card."""
        values = [self.of(truths[index]) for truths in record.truths]
        if not self.mean:
            return values
        width = max(1, round(MEAN_S / record.config.poll_s))
        return [fmean(values[max(0, end - width) : end]) for end in range(1, len(values) + 1)]


def _fan(truth: Truth) -> float:
    return sum(truth.fan_percent) / len(truth.fan_percent) if truth.fan_percent else 0.0


def _held_back(truth: Truth) -> float:
    said = reasons(truth.reasons)
    return 2.0 if any(name in said for name in THERMAL) else 1.0 if "power_cap" in said else 0.0


PANELS = (
    Panel("core, °C", lambda truth: truth.die_c),
    Panel("fans, %", _fan),
    Panel(
        "power, W, mean of 10 s (dashed: limit)", lambda truth: truth.power_w, lambda truth: truth.limit_w, mean=True
    ),
    Panel("clock held back: 1 by power, 2 by heat", _held_back),
)


def _hours(record: Record) -> bool:
    return record.times_s[-1] > 2.5 * 3600


def _axis(record: Record) -> tuple[list[float], str]:
    unit, word = (3600.0, "hours") if _hours(record) else (60.0, "minutes")
    return [time / unit for time in record.times_s], word


def _thinned(values: Sequence[float], points: int) -> list[float]:
    """Of each stretch the highest: a peak must not fall between two points."""
    width = max(1, -(-len(values) // points))
    return [max(values[start : start + width]) for start in range(0, len(values), width)]


def terminal(record: Record, columns: int, *, colour: bool) -> str:
    """The first three panels as text, so wide."""
    import plotext  # noqa: PLC0415  # only where something is drawn

    times, word = _axis(record)
    drawn = []
    for panel in PANELS[:3]:
        plotext.clear_figure()
        plotext.theme("pro" if colour else "clear")
        plotext.plot_size(columns, 14)
        plotext.title(panel.title.partition(" (")[0])
        plotext.xlabel(word if panel is PANELS[2] else "")
        for index, name in enumerate(record.names):
            values = _thinned(panel.series(record, index), 2 * columns)
            plotext.plot(_thinned(times, 2 * columns), values, label=name)
        text = plotext.build()
        drawn.append(text if colour else plotext.uncolorize(text))
    return "\n".join(drawn)


def draw(record: Record, file: Path, title: str) -> None:
    """All panels into an SVG or PNG file, by its name."""
    import matplotlib  # noqa: PLC0415  # takes a second to import

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # words stay words
    from matplotlib import pyplot  # noqa: PLC0415

    times, word = _axis(record)
    short = _thinned(times, POINTS)
    figure, axes = pyplot.subplots(
        len(PANELS), 1, sharex=True, figsize=(11, 10), height_ratios=[3, 2, 3, 1], layout="constrained"
    )
    figure.suptitle(title)
    for panel, axis in zip(PANELS, axes, strict=True):
        for index, name in enumerate(record.names):
            values = _thinned(panel.series(record, index), POINTS)
            (line,) = axis.plot(short, values, label=name, linewidth=1.2)
            if panel.dashed is not None:
                beside = _thinned([panel.dashed(truths[index]) for truths in record.truths], POINTS)
                axis.plot(short, beside, linestyle="--", linewidth=0.8, color=line.get_color())
        axis.set_title(panel.title, loc="left", fontsize=10)
        axis.grid(alpha=0.3)
    for slowdown in sorted({gpu.temperature_slowdown_c for gpu in record.gpus}):
        axes[0].axhline(slowdown, color="black", linestyle=":", linewidth=1)
        axes[0].annotate(f"slowdown {slowdown} °C", (0, slowdown), fontsize=8, va="bottom")
    for fault in record.scene.faults:
        at = fault.at_s / (3600 if _hours(record) else 60)
        for axis in axes:
            axis.axvline(at, color="red", linewidth=0.8)
        axes[0].annotate(fault.kind, (at, 0), xycoords=("data", "axes fraction"), fontsize=8, color="red", va="bottom")
    axes[1].set_ylim(0, 105)
    axes[3].set_yticks([0, 1, 2])
    axes[-1].set_xlabel(word)
    axes[0].legend(loc="lower right")
    figure.savefig(file, dpi=110)
    pyplot.close(figure)

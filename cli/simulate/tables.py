"""A simulated run's summary as tables."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from cli.simulate.summary import CardSummary, Summary


def card_table(summary: Summary) -> Table:
    """One row a card."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in (
        "card",
        "hottest",
        "slowdown at",
        "held back by heat",
        "by power",
        "mean",
        "energy",
        "fans",
        "noise",
        "work",
    ):
        table.add_column(head, justify="left" if head == "card" else "right")
    for card in summary.cards:
        table.add_row(
            card.name,
            Text(f"{card.hottest_c:.0f} °C", "red" if card.over_slowdown_s else ""),
            f"{card.slowdown_c} °C",
            Text(_heat(card), "yellow" if card.thermal_percent else ""),
            f"{card.power_cap_percent:.0f} %",
            f"{card.mean_power_w:.0f} W",
            f"{card.energy_kwh:.2f} kWh",
            "-" if card.mean_fan_percent is None else f"{card.mean_fan_percent:.0f} % ({card.most_fan_percent:.0f})",
            "-" if card.noise_db is None else f"{card.noise_db:+.0f} dB",
            f"{card.work_percent:.0f} %",
        )
    table.caption = (
        "fans: mean (most). noise: to one fan at full speed. work: of what was asked for, at the highest clock"
    )
    table.caption_justify = "left"
    return table


def supply_table(summary: Summary) -> Table:
    """One row a supply."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("supply", "budget for cards", "left over by limits", "left over by draw"):
        table.add_column(head, justify="left" if head == "supply" else "right")
    for supply in summary.supplies:
        table.add_row(
            supply.name,
            f"{supply.budget_w:.0f} W",
            Text(f"{supply.margin_w:.0f} W", "red" if supply.margin_w < -1 else ""),
            f"{supply.drawn_margin_w:.0f} W",
        )
    return table


def _heat(card: CardSummary) -> str:
    over = f", {card.over_slowdown_s:.0f} s over slowdown" if card.over_slowdown_s else ""
    return f"{card.thermal_percent:.0f} %{over}"

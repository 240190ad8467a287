"""`rigd check`: the configuration against the cards that are there."""

from __future__ import annotations

from collections.abc import Iterator

from rigd.budget import load_w
from rigd.config import Config, Entry
from rigd.nvml import Card


def faults(config: Config, cards: list[Card]) -> list[str]:
    """Everything in the configuration that these cards cannot do, a line each."""
    found = list(_missing(config, cards))
    for card in cards:
        entry = config.entry_for(card.uuid, card.pci, card.index)
        if entry is not None:
            who = f"{entry.name or f'GPU {card.index}'} ({card.model})"
            found += [f"{who}: {each}" for part in (_power, _clocks, _fans, _critical) for each in part(entry, card)]
    found += _budgets(config, cards)
    return found


def _missing(config: Config, cards: list[Card]) -> Iterator[str]:
    for number, entry in enumerate(config.cards):
        if entry.required and not any(entry.match.fits(card.uuid, card.pci, card.index) for card in cards):
            there = ", ".join(f"{card.uuid} ({card.pci})" for card in cards) or "none"
            yield f"cards.{number}: {entry.name or 'a card'} ({entry.match.text}) is not there; the cards here: {there}"


def _power(entry: Entry, card: Card) -> Iterator[str]:
    if entry.power is None:
        return
    if card.limits_w is None:
        if entry.power.limit_w is not None or entry.power.least_w is not None:
            yield "power: this card has no power limit that could be set"
        return
    least, most = card.limits_w
    for key, value in (("limit_w", entry.power.limit_w), ("least_w", entry.power.least_w)):
        if value is not None and not least <= value <= most:
            yield f"power.{key} = {value}: expected {least} to {most} W, which is what the card takes"


def _clocks(entry: Entry, card: Card) -> Iterator[str]:
    if entry.clocks is None:
        return
    for key, span, most in (
        ("graphics_mhz", entry.clocks.graphics_mhz, card.graphics_most_mhz),
        ("memory_mhz", entry.clocks.memory_mhz, card.memory_most_mhz),
    ):
        if span is not None and most is not None and span[1] > most:
            yield f"clocks.{key} = {list(span)}: expected at most {most} MHz, which is what the card reaches"


def _fans(entry: Entry, card: Card) -> Iterator[str]:
    fans = entry.fans
    if fans is None or not card.fan_count:
        return
    for number in fans.per_fan:
        if number >= card.fan_count:
            yield f"fans.per_fan.{number}: the card has fans 0 to {card.fan_count - 1}"
    least, slowdown = card.fan_least_percent, card.slowdown_c
    for name, curve in (("curve", fans.curve), *((f"per_fan.{n}", each) for n, each in fans.per_fan.items())):
        (_, first), (end, last) = curve[0], curve[-1]
        if first < least:
            yield f"fans.{name} begins at {first:g} %: expected {least} % or more, the card's least"
        if slowdown is not None and (last < 100 or end >= slowdown):
            yield (
                f"fans.{name} ends with {last:g} % at {end:g} °C: expected 100 % below {slowdown} °C, "
                "where the card slows down"
            )


def _critical(entry: Entry, card: Card) -> Iterator[str]:
    if entry.critical is not None and card.slowdown_c is not None and entry.critical.temperature_c > card.slowdown_c:
        yield (
            f"critical.temperature_c = {entry.critical.temperature_c:g}: expected at most {card.slowdown_c}, "
            "where the card's own hardware acts"
        )


def _budgets(config: Config, cards: list[Card]) -> Iterator[str]:
    for supply, budget_w in config.supplies_w.items():
        least = 0.0
        for card in cards:
            entry = config.entry_for(card.uuid, card.pci, card.index)
            if entry is not None and entry.power is not None and card.limits_w is not None:
                least += load_w(entry.power.draws, supply, max(card.limits_w[0], entry.power.least_w or 0))
        if least > budget_w:
            yield f"supplies.{supply}: the cards' least limits sum up to {least:.0f} W, its budget is {budget_w:.0f} W"

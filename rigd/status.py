"""What the running rigd says of itself: a small file, written anew each tick, and how it is shown."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from rigd import __version__
from rigd.card import Kept
from rigd.loop import Loop
from rigd.nvml import REASONS

PATH = "/run/rigd/status.json"
STALE_S = 10.0


def document(loop: Loop, now: float) -> dict[str, Any]:
    """Everything that is known, as JSON has it."""
    return {
        "rigd": __version__,
        "written_at": time.time(),
        "pid": os.getpid(),
        "revision": loop.config.revision,
        "driver": loop.driver,
        "session_trouble": loop.session_trouble,
        "session_restarts": loop.restarts,
        "supplies": {
            name: {"budget_w": budget, "limits_w": round(loop.supplies_w.get(name, 0.0), 1)}
            for name, budget in loop.config.supplies_w.items()
        },
        "circuit_budget_w": loop.config.circuit_w,
        "cards": [_card(kept, now) for kept in loop.cards],
    }


def _card(kept: Kept, now: float) -> dict[str, Any]:
    reading = kept.reading if kept.gone is None else None
    fans = reading.fans if reading and reading.fans else ()
    return {
        "name": kept.name,
        "model": kept.model,
        "uuid": kept.uuid,
        "declared": kept.entry is not None,
        "gone": kept.gone,
        "distrust": kept.distrust,
        "believed_age_s": None if kept.believed_at is None else round(now - kept.believed_at, 1),
        "core_c": reading.core_c if reading else None,
        "memory_c": reading.memory_c if reading else None,
        "slowdown_c": kept.slowdown_c,
        "power_w": reading.power_w if reading else None,
        "limit_w": reading.limit_w if reading else None,
        "limit_wanted_w": kept.limit_wanted_w,
        "limit_declared_w": kept.entry.power.limit_w if kept.entry and kept.entry.power else None,
        "limit_trouble": kept.limit.trouble,
        "clock_mhz": reading.clock_mhz if reading else None,
        "clocks_trouble": kept.clocks.trouble or kept.memory_clocks.trouble,
        "energy_j": reading.energy_j if reading else None,
        "reasons": [word for bit, word in REASONS.items() if reading and reading.reasons & bit],
        "cooling_share": round(kept.cooling.share, 3),
        "critical": kept.critical,
        "fans": [
            {
                "percent": fan.percent,
                "manual": fan.manual,
                "rpm": fan.rpm,
                "wanted_percent": kept.fans_wanted[number] if number < len(kept.fans_wanted) else None,
                "trouble": kept.fans[number].trouble if number < len(kept.fans) else None,
            }
            for number, fan in enumerate(fans)
        ],
        "rejected_writes": kept.rejected_writes,
        "foreign_writes": kept.foreign_writes,
    }


def write(text: str, path: str) -> None:
    """Put it in place whole. What cannot be written is told on standard error by whoever calls."""
    aside = f"{path}.new"
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
    os.replace(aside, path)  # noqa: PTH105  # each tick; a path object costs more than the call


def show(path: str, *, as_json: bool) -> int:
    """Print what the running rigd wrote. 0: all is well; 1: something is wrong; 3: none runs, or it hangs."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs memory in the loop that imports this
            found = json.load(file)
    except (OSError, ValueError) as error:
        print(f"rigd: no rigd runs here: {path}: {error}", file=sys.stderr)
        return 3
    age_s = time.time() - found["written_at"]
    if as_json:
        print(json.dumps({**found, "age_s": round(age_s, 1)}, indent=2))
    else:
        _print(found)
    if age_s > STALE_S:
        print(f"rigd: what it wrote is {age_s:.0f} s old: it does not run, or hangs", file=sys.stderr)
        return 3
    return 1 if _troubles(found) else 0


def _troubles(found: dict[str, Any]) -> list[str]:
    troubles = [f"NVML: {found['session_trouble']}"] if found["session_trouble"] else []
    for card in found["cards"]:
        for key in ("gone", "distrust", "limit_trouble", "clocks_trouble"):
            if card[key]:
                troubles.append(f"{card['name']}: {card[key]}")
        troubles += [
            f"{card['name']}: fan {n}: {fan['trouble']}" for n, fan in enumerate(card["fans"]) if fan["trouble"]
        ]
        if card["cooling_share"] < 1:
            troubles.append(f"{card['name']}: its fans do not cool: limit at {card['cooling_share']:.0%}")
        if card["critical"]:
            troubles.append(f"{card['name']}: its temperature is critical")
    return troubles


_HEADS = ("card", "model", "core", "memory", "power", "limit", "clock", "fans", "held back by")


def _print(found: dict[str, Any]) -> None:
    rows = [_HEADS, *(_row(card) for card in found["cards"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        print(f"\033[1m{line}\033[0m" if colour and number == 0 else line)
    for name, supply in found["supplies"].items():
        print(f"supply {name}: limits {supply['limits_w']:.0f} W of {supply['budget_w']:.0f} W")
    for trouble in _troubles(found):
        print(f"\033[31m! {trouble}\033[0m" if colour else f"! {trouble}")


def _row(card: dict[str, Any]) -> tuple[str, ...]:
    wanted, limit = card["limit_wanted_w"], card["limit_w"]
    fans = " ".join(f"{fan['percent']}%" if fan["manual"] else f"auto {fan['percent']}%" for fan in card["fans"])
    return (
        card["name"],
        card["model"],
        _unit(card["core_c"], "°C"),
        _unit(card["memory_c"], "°C"),
        _unit(card["power_w"], "W"),
        _unit(limit, "W") + ("" if wanted is None or limit is None or abs(wanted - limit) < 1 else f" → {wanted} W"),
        _unit(card["clock_mhz"], "MHz"),
        fans or "-",
        ", ".join(card["reasons"]) or "-",
    )


def _unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.0f} {unit}"

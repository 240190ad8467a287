"""`power`, `clocks`, `rigd`: limits that cards have been given, and whether somebody is to keep them."""

from __future__ import annotations

import json
import re
from typing import Any

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen

LAYER = "rigd"
_NEAR_W = 1.0
_LOCK = re.compile(r"(-lgc|--lock-gpu-clocks|-lmc|--lock-memory-clocks)[ =](\d+)(?:,(\d+))?(?=\s|$)")
_KEYS = {
    "power": ("limit_w", "least_w", "priority"),
    "clocks": ("graphics_mhz", "memory_mhz"),
    "fans": (
        "curve", "memory_curve", "per_fan", "least_percent", "automatic_below_c", "hysteresis_c", "fall_percent_per_s",
    ),
}  # fmt: skip
"""What rigd's configuration has under the declaration's own names."""


def captured(seen: Seen) -> Part:
    """What rigd was told; without it what the driver tells of limits, and what scripts ask of clocks."""
    part = Part()
    if seen.enabled("rigd.service") and (told := _document(seen)) is not None:
        part.values = {**_of_rigd(told), LAYER: {"state": "present", **_itself(told)}}
        part.say(LAYER, "shared", "rigd runs here, and was asked what it keeps; whether cards share power, and with "
                 "how much headroom, stands in the inventory that it came from")  # fmt: skip
        return part
    power = _power(seen, part)
    clocks = _clocks(seen, part)
    if seen.hand.smi:
        part.say(LAYER, "nvidia-smi", f"Scripts or units call {'; '.join(call.strip() for call in seen.hand.smi)}",
                 "rigd keeps limits and clocks by itself: take them out before an apply")  # fmt: skip
    part.values = {name: value for name, value in (("power", power), ("clocks", clocks)) if value}
    part.values[LAYER] = {"state": "present" if power or clocks else "absent"}
    if not power and not clocks:
        part.comments[LAYER, "state"] = "Nobody keeps limits, clocks or fans here; rigd would."
    return part


def _document(seen: Seen) -> dict[str, Any] | None:
    try:
        found = json.loads(seen.rigd_json or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("cards") else None


def _of_rigd(document: dict[str, Any]) -> Values:
    """Its configuration back into `power`, `clocks`, `fans`: what all cards have alike, and what single ones have."""
    found: Values = {"power": {"raise_w_per_s": document.get("raise_w_per_s")}, "clocks": {}, "fans": {}}
    *single, rest = document["cards"]
    for table in ("power", "clocks", "fans"):
        common = _keys(table, rest, document)
        entries = [(_name(entry), _keys(table, entry, document)) for entry in single]
        if entries and all(own == entries[0][1] for _, own in entries):
            common, entries = entries[0][1], []
        found[table] |= {key: value for key, value in common.items() if value is not None}
        cards = {
            name: {key: value for key, value in own.items() if value is not None and value != common.get(key)}
            for name, own in entries
        }
        cards = {name: own for name, own in cards.items() if name and own}
        if cards:
            found[table]["cards"] = cards
    return {table: values for table, values in found.items() if values}


def _keys(table: str, entry: dict[str, Any], document: dict[str, Any]) -> Values:
    told = entry.get(table)
    if table == "fans" and told is None:
        return {}
    return {key: value for key, value in (told or {}).items() if key in _KEYS[table] and value != {}}


def _name(entry: dict[str, Any]) -> str:
    match = entry["match"]
    return str(match.get("uuid") or match.get("pci") or match.get("index") or "")


def _itself(document: dict[str, Any]) -> Values:
    critical = document["cards"][-1].get("critical") or {}
    found: Values = {name: document[name] for name in ("poll_s", "reapply_s", "metrics") if name in document}
    told = {name: value for name, value in critical.items() if value is not None}
    return {**found, **({"critical": told} if told else {})}


def _power(seen: Seen, part: Part) -> Values:
    set_ = {
        each.uuid: round(each.limit_w)
        for each in seen.limits
        if each.limit_w and each.default_w and abs(each.limit_w - each.default_w) > _NEAR_W
    }
    if not set_:
        return {}
    if len(set_) == len(seen.limits) and len(set(set_.values())) == 1:
        part.comments["power", "limit_w"] = "In force on every card; after a boot it would be another without a keeper."
        return {"limit_w": next(iter(set_.values()))}
    part.comments["power", "cards"] = "In force now."
    return {"cards": {uuid: {"limit_w": watts} for uuid, watts in set_.items()}}


def _clocks(seen: Seen, part: Part) -> Values:
    """The driver does not tell which clocks are locked: what somebody has nvidia-smi lock at boot does."""
    found: Values = {}
    for call in seen.hand.smi:
        for option, least, most in _LOCK.findall(call):
            key = "graphics_mhz" if option in ("-lgc", "--lock-gpu-clocks") else "memory_mhz"
            span = [int(least), int(most or least)]
            if "-i " in call or found.get(key, span) != span:
                part.say("clocks", "of-one-card", f"'{call.strip()}' locks clocks of single cards: it is not declared",
                         "Declare clocks.cards")  # fmt: skip
                continue
            found[key] = span
            part.comments["clocks", key] = f"From: {call.strip()}"
    return found

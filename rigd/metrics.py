"""The same for Prometheus: text, for a file of node_exporter's or a listener on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_CARD = (
    ("core_celsius", "Core temperature as read.", "gauge", "core_c"),
    ("memory_celsius", "Memory temperature as read.", "gauge", "memory_c"),
    ("slowdown_celsius", "Temperature at which the card halves its clock.", "gauge", "slowdown_c"),
    ("power_watts", "Draw as read.", "gauge", "power_w"),
    ("power_limit_watts", "Power limit in force.", "gauge", "limit_w"),
    ("power_limit_wanted_watts", "Power limit that rigd wants.", "gauge", "limit_wanted_w"),
    ("power_limit_declared_watts", "Power limit that is declared.", "gauge", "limit_declared_w"),
    ("clock_megahertz", "Core clock.", "gauge", "clock_mhz"),
    ("energy_joules_total", "Energy since the driver was loaded.", "counter", "energy_j"),
    ("cooling_share", "Share of the limit that the fans can cool.", "gauge", "cooling_share"),
    ("believed_age_seconds", "Age of the last temperature that could be believed.", "gauge", "believed_age_s"),
    ("rejected_writes_total", "Settings that did not take.", "counter", "rejected_writes"),
    ("foreign_writes_total", "Settings that somebody else changed.", "counter", "foreign_writes"),
)
_FAN = (
    ("fan_percent", "Fan speed that the fan was told.", "gauge", "percent"),
    ("fan_wanted_percent", "Fan speed that rigd wants; -1: automatic.", "gauge", "wanted_percent"),
    ("fan_rpm", "Fan speed as it turns.", "gauge", "rpm"),
    ("fan_manual", "Whether the fan is under manual control.", "gauge", "manual"),
)


def text(status: dict[str, Any]) -> str:
    """What `status.document` says, in the text format, version 0.0.4."""
    return "\n".join(_lines(status)) + "\n"


def _lines(status: dict[str, Any]) -> Iterator[str]:
    yield from _family("build_info", "Versions.", "gauge", [({"rigd": status["rigd"], "driver": status["driver"]}, 1)])
    yield from _family("session_up", "Whether NVML can be used.", "gauge", [({}, status["session_trouble"] is None)])
    yield from _family(
        "session_restarts_total", "NVML initialised again.", "counter", [({}, status["session_restarts"])]
    )
    supplies = status["supplies"].items()
    yield from _family(
        "supply_budget_watts",
        "What a supply may carry.",
        "gauge",
        [({"supply": k}, v["budget_w"]) for k, v in supplies],
    )
    yield from _family(
        "supply_limits_watts",
        "Sum of limits on a supply.",
        "gauge",
        [({"supply": k}, v["limits_w"]) for k, v in supplies],
    )
    cards = [({"card": card["name"], "uuid": card["uuid"]}, card) for card in status["cards"]]
    yield from _family("up", "Whether the card answers.", "gauge", [(who, card["gone"] is None) for who, card in cards])
    yield from _family(
        "failsafe",
        "Whether its temperature cannot be believed.",
        "gauge",
        [(who, card["distrust"] is not None) for who, card in cards],
    )
    yield from _family(
        "critical", "Whether it is critically hot.", "gauge", [(who, card["critical"]) for who, card in cards]
    )
    for name, words, kind, key in _CARD:
        yield from _family(name, words, kind, [(who, card[key]) for who, card in cards])
    yield from _family(
        "held_back",
        "What holds the clock back.",
        "gauge",
        [({**who, "reason": reason}, 1) for who, card in cards for reason in card["reasons"]],
    )
    for name, words, kind, key in _FAN:
        each = [({**who, "fan": str(n)}, fan[key]) for who, card in cards for n, fan in enumerate(card["fans"])]
        yield from _family(name, words, kind, each)


def _family(name: str, words: str, kind: str, samples: list[tuple[dict[str, str], Any]]) -> Iterator[str]:
    told = [(labels, value) for labels, value in samples if value is not None]
    if not told:
        return
    yield f"# HELP rigd_{name} {words}"
    yield f"# TYPE rigd_{name} {kind}"
    for labels, value in told:
        inside = ",".join(f'{key}="{_escaped(each)}"' for key, each in labels.items())
        yield f"rigd_{name}{f'{{{inside}}}' if inside else ''} {float(value)!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

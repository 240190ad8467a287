"""The configuration file: every fault at once, with its path, its value and what was expected."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rigd.budget import Draw
from rigd.config import ConfigError, load, parse

WHOLE: dict[str, Any] = {
    "version": 1,
    "poll_s": 1.0,
    "supplies": {"main": {"budget_w": 830}},
    "cards": [
        {
            "match": {"uuid": "GPU-1"},
            "name": "PCIE1",
            "required": True,
            "power": {"limit_w": 280, "least_w": 150, "priority": 2, "draws": {"main": {"share": 1.0}}},
            "clocks": {"graphics_mhz": [210, 1695]},
            "fans": {"curve": [[40, 30], [83, 100]], "per_fan": {"1": [[40, 40], [80, 100]]}, "automatic_below_c": 45},
            "critical": {"temperature_c": 92, "command": ["/usr/bin/logger", "hot"]},
        },
        {"match": {"any": True}, "fans": {"curve": [[40, 30], [83, 100]]}},
    ],
    "metrics": {"listen": "127.0.0.1:9452"},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(WHOLE)
    *way, last = path.split(".")
    place: Any = document
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def test_what_stands_there_is_what_is_read() -> None:
    config = parse(WHOLE)
    first, second = config.cards
    assert first.power is not None and first.power.draws == {"main": Draw(0, 1)}
    assert first.fans is not None and first.fans.per_fan[1] == ((40, 40), (80, 100))
    assert first.clocks is not None and first.clocks.graphics_mhz == (210, 1695)
    assert config.listen == ("127.0.0.1", 9452)
    assert config.entry_for("GPU-1", "0000:03:00.0", 0) is first
    assert config.entry_for("GPU-2", "0000:04:00.0", 1) is second


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", 2, "version = 2: expected 1"),
        ("version", None, "version = None: expected a value: the key is missing"),
        ("poll_s", 0.01, "poll_s = 0.01: expected a number, 0.2 to 5"),
        ("poll_s", True, "poll_s = True: expected a number"),
        ("pol_s", 1, "pol_s = 1: expected no such key; the keys here are: cards, circuit_budget_w"),
        ("cards", {}, "cards = {}: expected a list"),
        ("cards.0.match", {}, "exactly one of uuid, pci, index and any"),
        ("cards.0.match", {"any": True, "index": 0}, "exactly one of uuid, pci, index and any"),
        ("cards.0.match", None, "cards.0.match = None: expected a mapping that says which card"),
        ("cards.0.power.limit_w", 280.5, "cards.0.power.limit_w = 280.5: expected a whole number"),
        ("cards.0.power.least_w", 300, "cards.0.power.least_w = 300: expected a whole number, 1 to 280"),
        (
            "cards.0.power.draws",
            {"min": {"share": 1.0}},
            "cards.0.power.draws.min = 'min': expected one of the supplies",
        ),
        ("cards.0.power.draws", {"main": {"share": 0.5}}, "shares that sum up to 1"),
        ("cards.0.fans.curve", [[40, 50], [83, 30]], "each warmer than the one before and no slower"),
        ("cards.0.fans.curve", [[40, 50]], "two or more points"),
        ("cards.0.fans.curve", [[40, 50], [83, 101]], "two or more points"),
        ("cards.0.fans.curve", "fast", "two or more points"),
        ("cards.0.fans.curve", None, "cards.0.fans.curve = None: expected a value: the key is missing"),
        ("cards.0.fans.per_fan", {"left": [[1, 2], [3, 4]]}, "a fan's number"),
        ("cards.0.clocks.graphics_mhz", [1695, 210], "[least, most] in MHz"),
        ("cards.0.critical.command", "logger", "a command as a list of words"),
        ("cards.0.critical.command", ["logger"], "the program's whole path"),
        ("metrics.listen", "0.0.0.0:9452", "a loopback address and a port"),
        ("metrics.listen", "localhost", "a loopback address and a port"),
        ("supplies", {"main": {"budget": 1}}, "supplies.main.budget = 1: expected no such key"),
    ],
)
def test_a_fault_is_named(path: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(changed(path, value), "rigd.json")
    assert said in str(error.value)
    assert str(error.value).startswith("rigd.json: ")


def test_all_faults_are_said_at_once() -> None:
    document = changed("poll_s", 99)
    document["cards"][0]["power"]["limit_w"] = "much"
    with pytest.raises(ConfigError) as error:
        parse(document)
    assert len(error.value.faults) >= 2


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("{", "no JSON")])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "rigd.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load(str(file))


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rigd.json"
    file.write_text(json.dumps(WHOLE))
    assert load(str(file)) == parse(WHOLE)

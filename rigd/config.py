"""The configuration file: read whole, judged whole; every fault with its path, its value and what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rigd.budget import Draw
from rigd.curve import Point
from rigd.reader import Reader

PATH = "/etc/rigd/rigd.json"
NOTHING: Mapping[Any, Any] = MappingProxyType({})
VERSION = 1


class ConfigError(Exception):
    """The file cannot be used; ``faults``: one line each."""

    def __init__(self, path: str, faults: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.faults = faults


class Match(NamedTuple):
    """Which card an entry is about; all None: any."""

    uuid: str | None = None
    pci: str | None = None
    number: int | None = None
    """The card's index, as NVML counts."""

    def fits(self, uuid: str, pci: str, index: int) -> bool:
        """Whether it is this card."""
        if self.uuid is not None:
            return self.uuid == uuid
        if self.pci is not None:
            return self.pci == pci
        return self.number is None or self.number == index

    @property
    def text(self) -> str:
        """In words."""
        return self.uuid or self.pci or ("any card" if self.number is None else f"index {self.number}")


class Power(NamedTuple):
    """The declared limit (None: the card's own default) and what a budget may make of it, W."""

    limit_w: int | None = None
    least_w: int | None = None
    priority: float = 1.0
    draws: Mapping[str, Draw] = NOTHING

    def within(self, least_w: int, most_w: int, default_w: int | None) -> int:
        """The limit of a card that takes so much at least and at most, and has this by itself, W."""
        wanted = self.limit_w or default_w or most_w
        return max(least_w, min(wanted, most_w))


class Clocks(NamedTuple):
    """Locked ranges, MHz: (least, most); None: kept unlocked."""

    graphics_mhz: tuple[int, int] | None = None
    memory_mhz: tuple[int, int] | None = None


class Fans(NamedTuple):
    """How fans follow temperature."""

    curve: tuple[Point, ...]
    memory_curve: tuple[Point, ...] | None = None
    per_fan: Mapping[int, tuple[Point, ...]] = NOTHING
    least_percent: float | None = None
    automatic_below_c: float | None = None
    hysteresis_c: float = 3.0
    fall_percent_per_s: float = 0.2


class Critical(NamedTuple):
    """What happens at a temperature that should never be."""

    temperature_c: float
    command: tuple[str, ...] | None = None


class Entry(NamedTuple):
    """What is declared of a card, or of all that no earlier entry is about."""

    match: Match
    name: str | None = None
    required: bool = False
    power: Power | None = None
    clocks: Clocks | None = None
    fans: Fans | None = None
    critical: Critical | None = None


class Config(NamedTuple):
    """The whole file."""

    cards: tuple[Entry, ...]
    poll_s: float = 1.0
    reapply_s: float = 30.0
    supplies_w: Mapping[str, float] = NOTHING
    circuit_w: float | None = None
    raise_w_per_s: float = 10.0
    listen: tuple[str, int] | None = None
    textfile: str | None = None
    revision: str | None = None
    """What whoever wrote the file calls it; told in the status, so that it can be seen which one is in force."""

    def entry_for(self, uuid: str, pci: str, index: int) -> Entry | None:
        """The first entry that is about this card."""
        return next((entry for entry in self.cards if entry.match.fits(uuid, pci, index)), None)


def load(path: str = PATH) -> Config:
    """Read the file. Raises ConfigError, with all that is wrong."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs more memory than the whole loop
            raw = json.load(file)
    except OSError as error:
        raise ConfigError(path, [f"cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise ConfigError(path, [f"no JSON: {error}"]) from None
    return parse(raw, path)


def parse(raw: Any, path: str = PATH) -> Config:
    """A configuration of what stands in the file. Raises ConfigError."""
    reader = Reader(raw)
    version = reader.number("version", least=1, whole=True)
    if version is not None and version != VERSION:
        raise ConfigError(path, [f"version = {version:g}: expected {VERSION}: this rigd is of another release"])
    supplies = {name: each.number("budget_w", least=0) for name, each in reader.tables("supplies").items()}
    metrics = reader.table("metrics")
    config = Config(
        poll_s=reader.number("poll_s", 1.0, least=0.2, most=5) or 1.0,
        reapply_s=reader.number("reapply_s", 30.0, least=5, most=600) or 30.0,
        supplies_w={name: watts or 0.0 for name, watts in supplies.items()},
        circuit_w=reader.number("circuit_budget_w", None, least=1),
        raise_w_per_s=reader.number("raise_w_per_s", 10.0, least=0.1, most=1000) or 10.0,
        cards=tuple(_entry(each, supplies) for each in reader.list("cards")),
        listen=None if metrics is None else metrics.loopback("listen"),
        textfile=None if metrics is None else metrics.text("textfile", None),
        revision=reader.text("revision", None),
    )
    for each in (reader, *reader.all_below()):
        each.refuse_unknown()
    if reader.faults:
        raise ConfigError(path, reader.faults)
    return config


def _entry(reader: Reader, supplies: Mapping[str, object]) -> Entry:
    power, clocks = reader.table("power"), reader.table("clocks")
    fans, critical = reader.table("fans"), reader.table("critical")
    return Entry(
        match=_match(reader),
        name=reader.text("name", None),
        required=reader.flag("required", False),
        power=None if power is None else _power(power, supplies),
        clocks=None
        if clocks is None
        else Clocks(graphics_mhz=clocks.span("graphics_mhz"), memory_mhz=clocks.span("memory_mhz")),
        fans=None if fans is None else _fans(fans),
        critical=None
        if critical is None
        else Critical(critical.number("temperature_c", least=50, most=120) or 120.0, critical.words("command")),
    )


def _match(reader: Reader) -> Match:
    match = reader.table("match")
    if match is None:
        reader.fault("match", None, "a mapping that says which card: uuid, pci, index or any")
        return Match()
    index = match.number("index", None, least=0, whole=True)
    found = Match(match.text("uuid", None), match.text("pci", None), None if index is None else int(index))
    ways = (found.uuid is not None) + (found.pci is not None) + (found.number is not None) + match.flag("any", False)
    if ways != 1:
        reader.fault("match", match.raw, "exactly one of uuid, pci, index and any")
    return found


def _power(reader: Reader, supplies: Mapping[str, object]) -> Power:
    limit = reader.number("limit_w", None, least=1, most=3000, whole=True)
    least = reader.number("least_w", None, least=1, most=limit or 3000, whole=True)
    draws = {}
    for name, draw in reader.tables("draws").items():
        if name not in supplies:
            reader.fault(f"draws.{name}", name, f"one of the supplies: {', '.join(supplies) or 'there are none'}")
        draws[name] = Draw(
            draw.number("fixed_w", 0.0, least=0) or 0.0, draw.number("share", 0.0, least=0, most=1) or 0.0
        )
    if draws and abs(sum(each.share for each in draws.values()) - 1) > 0.001:
        reader.fault("draws", {name: each.share for name, each in draws.items()}, "shares that sum up to 1")
    priority = reader.number("priority", 1.0, least=0.1, most=10) or 1.0
    return Power(None if limit is None else int(limit), None if least is None else int(least), priority, draws)


def _fans(reader: Reader) -> Fans:
    per_fan = {}
    table = reader.table("per_fan")
    for number in table.raw if table is not None else {}:
        assert table is not None
        if not str(number).isdigit():
            table.fault(str(number), number, "a fan's number, as NVML counts them")
            continue
        curve = table.curve(str(number))
        per_fan[int(number)] = curve if curve is not None else ((0.0, 100.0), (1.0, 100.0))
    return Fans(
        curve=reader.curve("curve", required=True) or ((0.0, 100.0), (1.0, 100.0)),
        memory_curve=reader.curve("memory_curve"),
        per_fan=per_fan,
        least_percent=reader.number("least_percent", None, least=0, most=100),
        automatic_below_c=reader.number("automatic_below_c", None, least=20, most=70),
        hysteresis_c=reader.number("hysteresis_c", 3.0, least=0, most=20) or 0.0,
        fall_percent_per_s=reader.number("fall_percent_per_s", 0.2, least=0.05, most=100) or 0.2,
    )

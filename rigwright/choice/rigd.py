"""What rigd is told: its configuration, of a declaration (docs/rigd.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rigwright.catalog import Catalog
from rigwright.choice.power import Draw, budgets_w, circuit_budget_w, draws
from rigwright.spec.clocks import ClocksOfCard
from rigwright.spec.fans import FansOfCard
from rigwright.spec.hardware import Gpu
from rigwright.spec.power import PowerOfCard
from rigwright.spec.rig import Rig

ANY = {"any": True}
IDENTITY = tuple(f"hardware.gpus.*.{name}" for name in ("slot", "uuid", "pci"))
"""Keys that say which card is which."""


def kept(rig: Rig) -> bool:
    """Whether rigd is on the host: without a driver it would have nothing to keep."""
    return rig.rigd.state == "present" and rig.driver.state == "present"


@dataclass(frozen=True)
class Kept:
    """Cards that are kept in one way.

    ``match``: as rigd finds them; ``gpu``: the declared card, where it is known which one it is; ``named``: the names
    in ``power.cards`` and so on that are about it.
    """

    match: dict[str, Any]
    gpu: Gpu | None
    named: tuple[str, ...]


def names_of(gpu: Gpu) -> tuple[str, ...]:
    """What a declared card can be called in ``power.cards`` and so on."""
    return tuple(name for name in (gpu.slot, gpu.uuid, gpu.pci) if name is not None)


def named_cards(rig: Rig) -> list[str]:
    """Every name in ``power.cards``, ``clocks.cards`` and ``fans.cards``, once."""
    return list(dict.fromkeys((*rig.power.cards, *rig.clocks.cards, *rig.fans.cards)))


def is_known(rig: Rig, gpu: Gpu) -> bool:
    """Whether it can be told on the host which card it is."""
    return gpu.uuid is not None or gpu.pci is not None or len(rig.hardware.gpus) == 1


def cards(rig: Rig) -> list[Kept]:
    """All cards, in the order in which rigd looks for the entry of a card; the last one is about all that are left."""
    named = named_cards(rig)
    found: list[Kept] = []
    rest: tuple[str, ...] = ()
    declared = {name for gpu in rig.hardware.gpus for name in names_of(gpu)}
    for name in named:
        if name not in declared and (match := _match_of(name)) is not None:
            found.append(Kept(match, None, (name,)))
    for gpu in rig.hardware.gpus:
        mine = tuple(name for name in named if name in names_of(gpu))
        if gpu.uuid is not None or gpu.pci is not None:
            found.append(Kept({"uuid": gpu.uuid} if gpu.uuid else {"pci": gpu.pci}, gpu, mine))
        elif len(rig.hardware.gpus) == 1:
            rest = mine
    alone = rig.hardware.gpus[0] if len(rig.hardware.gpus) == 1 else None
    return [*found, Kept(ANY, alone if alone and not found else None, rest)]


def _match_of(name: str) -> dict[str, Any] | None:
    """How a card is found that no declared card is; None: it is the name of a slot."""
    if name.startswith("GPU-"):
        return {"uuid": name}
    if ":" in name:
        return {"pci": name}
    return {"index": int(name)} if name.isdigit() else None


def common_draws(rig: Rig, catalog: Catalog, gpus: Sequence[Gpu]) -> dict[str, Draw] | None:
    """What of a card hangs on which supply, where it is one of these; None: they are not alike."""
    ways = [draws(rig, catalog, gpu) for gpu in gpus]
    return ways[0] if ways and all(way == ways[0] for way in ways) else None


def unknown_cards(rig: Rig) -> list[Gpu]:
    """Declared cards of which it cannot be told on the host which one each is."""
    return [gpu for gpu in rig.hardware.gpus if not is_known(rig, gpu)]


def limit_w(rig: Rig, gpu: Gpu) -> int | None:
    """The declared limit of a declared card, W; None: its own default."""
    return _power(rig, tuple(name for name in named_cards(rig) if name in names_of(gpu))).limit_w


def least_w(rig: Rig, gpu: Gpu) -> int | None:
    """What its limit may be lowered to, W; None: the least that it takes."""
    return _power(rig, tuple(name for name in named_cards(rig) if name in names_of(gpu))).least_w


def configuration(rig: Rig, catalog: Catalog) -> dict[str, Any]:
    """The content of /etc/rigd/rigd.json."""
    entries = cards(rig)
    ways = [_draws(rig, catalog, entry) for entry in entries]
    budgeted = bool(rig.hardware.psus) and None not in ways
    budgets = budgets_w(rig, catalog) if budgeted else {}
    document = {
        "version": 1,
        "poll_s": rig.rigd.poll_s,
        "reapply_s": rig.rigd.reapply_s,
        "supplies": {name: {"budget_w": max(0, watts)} for name, watts in budgets.items()},
        "circuit_budget_w": circuit_budget_w(rig, catalog),
        "raise_w_per_s": rig.power.raise_w_per_s,
        "cards": [
            _entry(rig, entry, way if budgeted and way else {}) for entry, way in zip(entries, ways, strict=True)
        ],
        "metrics": {"listen": rig.rigd.metrics.listen, "textfile": rig.rigd.metrics.textfile},
    }
    return {"revision": revision(document), **document}


def revision(document: dict[str, Any]) -> str:
    """What a configuration is called: rigd tells it in its status, so that it shows which one is in force."""
    told = {key: value for key, value in document.items() if key != "revision"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def configuration_text(rig: Rig, catalog: Catalog) -> str:
    """The same as it stands in the file: a line a key, and in each card, too, for whoever looks into it."""
    document = configuration(rig, catalog)
    cards = ",\n".join(f"    {{\n{_lines(card, 6)}\n    }}" for card in document.pop("cards"))
    return f'{{\n{_lines(document, 2)},\n  "cards": [\n{cards}\n  ]\n}}\n'


def _lines(table: dict[str, Any], indent: int) -> str:
    return ",\n".join(f"{' ' * indent}{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items())


def _draws(rig: Rig, catalog: Catalog, entry: Kept) -> dict[str, Draw] | None:
    if entry.gpu is not None:
        return draws(rig, catalog, entry.gpu)
    if "index" in entry.match:
        return common_draws(rig, catalog, rig.hardware.gpus)
    if entry.match == ANY and unknown_cards(rig):
        return common_draws(rig, catalog, unknown_cards(rig))
    return {next(iter(rig.hardware.psus), ""): Draw(0, 1.0)}  # a card that is not declared: as if beside the others


def _entry(rig: Rig, entry: Kept, way: dict[str, Draw]) -> dict[str, Any]:
    power = _power(rig, entry.named)
    critical = rig.rigd.critical
    return {
        "match": entry.match,
        "name": entry.gpu.slot if entry.gpu is not None else None,
        "required": entry.gpu is not None and entry.match != ANY,
        "power": {
            "limit_w": power.limit_w,
            "least_w": power.least_w,
            "priority": power.priority,
            "draws": {name: {"fixed_w": draw.fixed_w, "share": draw.share} for name, draw in way.items()},
        },
        "clocks": _clocks(rig, entry.named),
        "fans": _fans(rig, entry.named),
        "critical": None
        if critical.temperature_c is None
        else {"temperature_c": critical.temperature_c, "command": list(critical.command) or None},
    }


def _own(table: dict[str, Any], named: tuple[str, ...]) -> Iterator[Any]:
    return (table[name] for name in named if name in table)


def _power(rig: Rig, named: tuple[str, ...]) -> PowerOfCard:
    own = next(_own(rig.power.cards, named), PowerOfCard())
    return PowerOfCard(
        limit_w=own.limit_w if own.limit_w is not None else rig.power.limit_w,
        least_w=own.least_w if own.least_w is not None else rig.power.least_w,
        priority=own.priority if own.priority is not None else rig.power.priority,
    )


def _clocks(rig: Rig, named: tuple[str, ...]) -> dict[str, Any]:
    own = next(_own(rig.clocks.cards, named), ClocksOfCard())
    return {
        "graphics_mhz": own.graphics_mhz or rig.clocks.graphics_mhz,
        "memory_mhz": own.memory_mhz or rig.clocks.memory_mhz,
    }


def _fans(rig: Rig, named: tuple[str, ...]) -> dict[str, Any] | None:
    own = next(_own(rig.fans.cards, named), FansOfCard())
    curve = own.curve or rig.fans.curve
    if curve is None or own.automatic:
        return None
    return {
        "curve": curve,
        "memory_curve": own.memory_curve or rig.fans.memory_curve,
        "per_fan": dict(own.per_fan),
        "least_percent": own.least_percent if own.least_percent is not None else rig.fans.least_percent,
        "automatic_below_c": rig.fans.automatic_below_c,
        "hysteresis_c": rig.fans.hysteresis_c,
        "fall_percent_per_s": rig.fans.fall_percent_per_s,
    }

"""Fan curves that cool: they rise, keep to what fans can do, and are at full speed before the card slows down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rigwright.catalog import Catalog
from rigwright.choice.rigd import IDENTITY, named_cards, names_of
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

Curve = list[list[int]]
_RESTS = ("hardware.gpus.*.model", *IDENTITY)


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of the fans' curves."""
    for key, curve in _curves(rig):
        faults = list(_shape(key, curve))
        yield from faults
        if not faults:
            yield from _cards(rig, catalog, key, curve)
    yield from _numbers(rig, catalog)


def _curves(rig: Rig) -> Iterator[tuple[str, Curve]]:
    for key, owner in (("fans", rig.fans), *((f"fans.cards.{name}", own) for name, own in rig.fans.cards.items())):
        for name in ("curve", "memory_curve"):
            curve = getattr(owner, name)
            if curve is not None:
                yield f"{key}.{name}", curve
    for name, own in rig.fans.cards.items():
        for fan, curve in own.per_fan.items():
            yield f"fans.cards.{name}.per_fan.{fan}", curve


def _shape(key: str, curve: Curve) -> Iterator[Finding]:
    if len(curve) < 2:
        yield Finding("fans.points", key, curve, "two points at least, [[40, 30], [83, 100]]", "Add one.")
    for number, (celsius, percent) in enumerate(curve):
        if not (0 <= celsius <= 120 and 0 <= percent <= 100):
            yield Finding(
                "fans.point",
                f"{key}.{number}",
                [celsius, percent],
                "[°C, per cent], 0 to 120 °C and 0 to 100 %",
                "Correct it.",
            )
    for number, (before, after) in enumerate(pairwise(curve), 1):
        if after[0] <= before[0]:
            yield Finding(
                "fans.order",
                f"{key}.{number}",
                after,
                f"a point warmer than the one before, {before}",
                "Put the points in order, each temperature once.",
                rests_on=(key,),
            )
        elif after[1] < before[1]:
            yield Finding(
                "fans.falls",
                f"{key}.{number}",
                after,
                f"at least {before[1]} %, the speed at {before[0]} °C: slower while it gets hotter does not cool",
                "Raise this speed, or lower the one before.",
                rests_on=(key,),
            )


def _cards(rig: Rig, catalog: Catalog, key: str, curve: Curve) -> Iterator[Finding]:
    """Against what is known of the declared cards that the curve is for; the first that it does not fit is named."""
    own = key.split(".")[2] if key.startswith("fans.cards.") else None
    least_said = full_said = False
    for gpu in rig.hardware.gpus:
        model = catalog.gpus.get(gpu.model)
        if model is None or model.fans == 0 or (own is not None and own not in names_of(gpu)):
            continue
        slowest = model.fan_least_percent
        if slowest is not None and curve[0][1] < slowest and not least_said:
            least_said = True
            yield Finding(
                "fans.under-least",
                f"{key}.0",
                curve[0],
                f"at least {slowest} %, the slowest that fans of a {gpu.model} can be told (the card in {gpu.slot})",
                "Raise it; for fans that stand while the card is cool there is fans.automatic_below_c.",
                rests_on=(key, *_RESTS),
            )
        slowdown = model.slowdown_c
        memory = key.endswith(".memory_curve")
        if slowdown is not None and not memory and (curve[-1][1] < 100 or curve[-1][0] >= slowdown) and not full_said:
            full_said = True
            yield Finding(
                "fans.hole",
                f"{key}.{len(curve) - 1}",
                curve[-1],
                f"100 % below {slowdown} °C, where a {gpu.model} slows itself down (the card in {gpu.slot})",
                "Let the last point be full speed at a lower temperature.",
                rests_on=(key, *_RESTS),
            )
    if own is None and not rig.hardware.gpus and curve[-1][1] < 100:
        yield Finding(
            "fans.hole",
            f"{key}.{len(curve) - 1}",
            curve[-1],
            "100 %: a curve that never gets there leaves the card to its own throttling",
            "Let the last point be full speed.",
            rests_on=(key, "hardware.gpus"),
        )


def _numbers(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    for name in named_cards(rig):
        own = rig.fans.cards.get(name)
        gpu = next((each for each in rig.hardware.gpus if name in names_of(each)), None)
        model = catalog.gpus.get(gpu.model) if gpu is not None else None
        if own is None or model is None or model.fans is None:
            continue
        for fan in own.per_fan:
            if int(fan) >= model.fans:
                there = f"a fan from 0 to {model.fans - 1}" if model.fans else "no entry"
                yield Finding(
                    "fans.no-such-fan",
                    f"fans.cards.{name}.per_fan.{fan}",
                    None,
                    f"{there}: that is what the driver lets be set on a {model.nvml}",
                    "Correct the number, or remove the entry.",
                    rests_on=_RESTS,
                )

"""Every supply can carry what hangs on it, and every card takes the limit that it is given.

What a supply has to carry for hours: the power limits of its cards (declared; else those after boot, of a card fed in a
way that only partner cards are: theirs), and, for the first supply, the processor, the board with what is on it, and
what the cards of other supplies draw from their slots. That must stay within its rating less the declared headroom.
Where power is shared, limits are lowered as it needs: then that holds of the least that they may be lowered to.
"""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.power import circuit_budget_w, drawn_w, others_w, rated_w, usable_w
from rigwright.choice.rigd import (
    IDENTITY,
    common_draws,
    is_known,
    kept,
    least_w,
    limit_w,
    named_cards,
    names_of,
    unknown_cards,
)
from rigwright.rules.finding import Finding
from rigwright.spec.hardware import Gpu
from rigwright.spec.rig import Rig

_OWN = (*IDENTITY, *(f"power.cards.*.{name}" for name in ("limit_w", "least_w")))
_CARDS = ("hardware.gpus.*.riser", "rigd.state", "driver.state", "power.limit_w", "power.least_w", *_OWN)


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Supplies that carry more than they should, ratings that are not the model's, limits that cards do not take."""
    for name, psu in rig.hardware.psus.items():
        model = catalog.machine.supplies.get(psu.model or "")
        if model is not None and psu.rated_w is not None and psu.rated_w > model.rated_w:
            yield Finding(
                "power.rating",
                f"hardware.psus.{name}.rated_w",
                psu.rated_w,
                f"at most {model.rated_w} W, which is what {psu.model} is rated at",
                "Remove the key: the catalogue knows the rating.",
            )
        rated = rated_w(rig, catalog, name)
        if rated is not None:
            yield from _load(rig, catalog, name, rated)
    yield from _circuit(rig, catalog)
    yield from _limits(rig, catalog)
    if rig.power.shared:
        yield from _shared(rig, catalog)


def _load(rig: Rig, catalog: Catalog, supply: str, rated: int) -> Iterator[Finding]:
    parts = list(_parts(rig, catalog, supply))
    total = sum(watts for _, watts in parts)
    usable = usable_w(rig, rated)
    if total <= usable:
        return
    sum_of = " + ".join(f"{watts} W {what}" for what, watts in parts)
    least = " at the least limits" if _is_shared(rig) else ""
    advice = "Move a card to another supply, take one out, or use a larger supply."
    if kept(rig) and not rig.power.shared:
        advice = f"Lower power.limit_w, or set power.shared: the cards then share what is there. {advice}"
    elif _is_shared(rig):
        advice = f"Lower power.least_w as far as the cards go. {advice}"
    yield Finding(
        "power.supply-overloaded",
        f"hardware.psus.{supply}",
        None,
        f"at most {usable} W on {supply!r} ({100 - rig.power.headroom_percent} % of {rated} W, the rest is for peaks), "
        f"and it carries {total} W{least}: {sum_of}",
        advice,
        rests_on=(*_CARDS, "power.shared", "power.headroom_percent"),
    )


def _parts(rig: Rig, catalog: Catalog, supply: str) -> Iterator[tuple[str, int]]:
    """What the supply carries, in words and W."""
    limits = []
    for gpu in rig.hardware.gpus:
        limit = counted_w(rig, catalog, gpu)
        if limit is None:
            continue
        watts = drawn_w(rig, catalog, gpu, supply, limit)
        if watts:
            yield f"{gpu.model} in {gpu.slot}" if gpu.supply == supply else f"slot {gpu.slot}", watts
        if gpu.supply == supply:
            limits.append(limit)
    if limits and kept(rig):
        yield from _by_index(rig, min(limits))
    if next(iter(rig.hardware.psus)) == supply:
        yield from others_w(rig, catalog).items()


def _by_index(rig: Rig, counted: int) -> Iterator[tuple[str, int]]:
    """What cards that are named by their index may draw more than they are counted with: each may be any card."""
    for name in named_cards(rig):
        own = rig.power.cards.get(name)
        if own is not None and name.isdigit() and not any(name in names_of(gpu) for gpu in rig.hardware.gpus):
            watts = (own.least_w if rig.power.shared else own.limit_w) or 0
            if watts > counted:
                yield f"more for the card of index {name}", watts - counted


def counted_w(rig: Rig, catalog: Catalog, gpu: Gpu) -> int | None:
    """What a card is counted with, W: its limit; where power is shared, the least; None: its model is not known."""
    model = catalog.gpus.get(gpu.model)
    if model is None:
        return None
    declared = limit_w(rig, gpu) if kept(rig) else None
    limit = declared or model.limit_w(list(gpu.cables))
    if not _is_shared(rig):
        return limit
    return min(limit, max(least_w(rig, gpu) or 0, model.min_w or 0) or limit)


def _is_shared(rig: Rig) -> bool:
    return kept(rig) and rig.power.shared


def _circuit(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    budget = circuit_budget_w(rig, catalog)
    if budget is None:
        return
    total = sum(counted_w(rig, catalog, gpu) or 0 for gpu in rig.hardware.gpus)
    if total > budget:
        share = catalog.machine.budget.efficiency
        others = " and ".join(f"{watts} W {what}" for what, watts in others_w(rig, catalog).items())
        yield Finding(
            "power.circuit-overloaded",
            "power.circuit_w",
            rig.power.circuit_w,
            f"at most {max(0, budget)} W for all cards ({share:.0%} of it comes out of the supplies, less {others}), "
            f"and they have {total} W{' at the least limits' if _is_shared(rig) else ''}",
            "Lower power.limit_w, share it (power.shared), or use another circuit.",
            rests_on=(*_CARDS, "power.shared", "hardware.cpu", "hardware.gpus.*.model"),
        )


def _limits(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Limits in the ranges of the declared cards; one finding a key."""
    said = set()
    for gpu in rig.hardware.gpus:
        model = catalog.gpus.get(gpu.model)
        least, most = model.range_w(list(gpu.cables)) if model is not None else (None, None)
        for name, value in (("limit_w", limit_w(rig, gpu)), ("least_w", least_w(rig, gpu))):
            key = _place(rig, gpu, name)
            if value is None or key in said or ((least or 0) <= value <= (most or value)):
                continue
            said.add(key)
            bounds = (
                f"{least} to {most} W" if least and most else f"at most {most} W" if most else f"at least {least} W"
            )
            yield Finding(
                "power.limit-range",
                key,
                value,
                f"{bounds}, which is what a {gpu.model} takes (the card in {gpu.slot})",
                "Correct it; a card of another kind gets its own in power.cards.",
                rests_on=("hardware.gpus.*.model", "hardware.gpus.*.cables", *_OWN),
            )
    for path, limit, lower in _pairs(rig):
        if limit is not None and lower is not None and lower > limit:
            yield Finding(
                "power.least-over-limit",
                f"{path}.least_w",
                lower,
                f"at most {limit}, the limit itself",
                "Lower it, or raise the limit.",
                rests_on=(f"{path}.limit_w", "power.limit_w"),
            )


def _place(rig: Rig, gpu: Gpu, name: str) -> str:
    """The key that gives a card this value."""
    own = next((each for each in named_cards(rig) if each in names_of(gpu)), None)
    if own in rig.power.cards and getattr(rig.power.cards[own], name) is not None:
        return f"power.cards.{own}.{name}"
    return f"power.{name}"


def _pairs(rig: Rig) -> Iterator[tuple[str, int | None, int | None]]:
    power = rig.power
    yield "power", power.limit_w, power.least_w
    for name, own in power.cards.items():
        if own.least_w is not None:
            yield f"power.cards.{name}", own.limit_w or power.limit_w, own.least_w


def _shared(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    if not kept(rig):
        yield Finding(
            "power.shared-unkept",
            "power.shared",
            True,
            "rigd on the host, to keep budgets: rigd.state and driver.state are not both 'present'",
            "Have both present, or take it out.",
            severity="warning",
            rests_on=("rigd.state", "driver.state"),
        )
    for gpu in rig.hardware.gpus:
        model = catalog.gpus.get(gpu.model)
        if model is not None and model.min_w is None and least_w(rig, gpu) is None:
            yield Finding(
                "power.least-unknown",
                "power.least_w",
                None,
                f"a number: the catalogue does not know the least limit of a {gpu.model} (the card in {gpu.slot})",
                "Declare what its limit may be lowered to; `nvidia-smi -q -d POWER` says what the card takes.",
                rests_on=(*_OWN, "hardware.gpus.*.model"),
            )
    unknown = [index for index, gpu in enumerate(rig.hardware.gpus) if not is_known(rig, gpu)]
    if unknown and common_draws(rig, catalog, unknown_cards(rig)) is None:
        slot = rig.hardware.gpus[unknown[0]].slot
        yield Finding(
            "power.shared-which",
            f"hardware.gpus.{unknown[0]}.uuid",
            None,
            f"a UUID, or pci: cards hang on supplies in different ways, and it has to show which is in {slot}",
            "Add one of the two (`nvidia-smi -L`, `lspci -D`).",
            rests_on=(*IDENTITY, "hardware.gpus.*.supply", "hardware.gpus.*.riser", "hardware.psus.*"),
        )
    if common_draws(rig, catalog, rig.hardware.gpus) is None:
        for name in named_cards(rig):
            if name.isdigit() and not any(name in names_of(gpu) for gpu in rig.hardware.gpus):
                table = next(each for each in ("power", "clocks", "fans") if name in getattr(rig, each).cards)
                yield Finding(
                    "power.shared-index",
                    f"{table}.cards.{name}",
                    None,
                    "a slot, UUID or PCI address: cards hang on supplies in different ways, and an index says of none",
                    "Name the card otherwise.",
                    rests_on=(*IDENTITY, "hardware.gpus.*.supply", "hardware.gpus.*.riser", "hardware.psus.*"),
                )

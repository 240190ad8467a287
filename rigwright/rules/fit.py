"""Models fit into the memory of the cards that they are given, before a gigabyte of them is pulled."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.fit import BLOCK, GIB, Fit, Held, fits, held, reckoned_of
from rigwright.choice.models import needs_lock
from rigwright.choice.runtimes import llama_cpp, ollama
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

_CARDS = ("hardware.gpus.*", "hardware.gpus.*.model", "hardware.gpus.*.uuid", "hardware.gpus.*.slot")
LEAST_CONTEXT = 2048
"""Less is of no use to anybody, and is not advised."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Models that are too large, caches that cannot be kept so, contexts that a model was not trained for."""
    if rig.runtimes.state == "absent":
        return
    for fit in fits(rig, catalog):
        key = f"runtimes.services.{fit.runtime}.models.{fit.model}"
        rests_on = (
            f"runtimes.services.{fit.runtime}.kind",
            f"runtimes.services.{fit.runtime}.gpus",
            f"runtimes.services.{fit.runtime}.gpus.*",
            f"{key}.context_tokens",
            f"{key}.parallel",
            f"{key}.cache_type",
            f"models.wanted.{fit.model}.*",
            *_CARDS,
        )
        if fit.served.cache_type != "f16" and fit.attention.key_length % BLOCK:
            yield Finding(
                "fit.cache-block",
                f"{key}.cache_type",
                fit.served.cache_type,
                f"'f16': its heads have {fit.attention.key_length} elements, and others keep {BLOCK} together",
                "Remove it.",
                rests_on=rests_on,
            )
        elif not fit.fits:
            yield Finding("fit.too-large", key, None, _needs(fit), _advice(fit), rests_on=rests_on)
        trained = fit.attention.context_length
        if trained is not None and fit.served.context_tokens > trained:
            yield Finding(
                "fit.untrained",
                f"{key}.context_tokens",
                fit.served.context_tokens,
                f"at most {trained}, which is what the model was trained for",
                "Lower it, unless the runtime is told how to stretch it (RoPE scaling).",
                severity="warning",
                rests_on=rests_on,
            )
    yield from _together(rig, catalog)
    yield from _unknown(rig, catalog)


def _together(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What fits one by one, and not side by side."""
    before: dict[str, list[Held]] = {}
    for each in held(rig, catalog):
        rests_on = (*_CARDS, "runtimes.services.*", "runtimes.services.*.*", "models.wanted.*")
        key, kind = f"runtimes.services.{each.runtime}", rig.runtimes.services[each.runtime].kind
        if each.bytes > each.room and len(each.models) > 1:
            yield Finding(
                "fit.too-many",
                f"{key}.env.{ollama.AT_ONCE}" if kind == "ollama" else f"{key}.args.{llama_cpp.AT_ONCE}",
                len(each.models),
                f"as many models at a time as fit on a card ({_gib(each.room)}): {', '.join(each.models)} need "
                f"{_gib(each.bytes)} together",
                "Lower it: with 1, the last one used makes room for the next.",
                rests_on=rests_on,
            )
        for slot in each.cards:
            others = before.setdefault(slot, [])
            total = each.bytes + sum(other.bytes for other in others)
            if others and total > each.room and all(other.bytes <= each.room for other in (each, *others)):
                names = ", ".join(f"{other.runtime} {_gib(other.bytes)}" for other in (*others, each))
                yield Finding(
                    "fit.too-much-together",
                    f"{key}.gpus",
                    rig.runtimes.services[each.runtime].gpus,
                    f"cards on which there is room beside the others: on {slot} ({_gib(each.room)}) are {names}",
                    "Give one of them other cards, or less to hold.",
                    rests_on=rests_on,
                )
                break
        for slot in each.cards:
            before.setdefault(slot, []).append(each)


def _unknown(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    for name, model in rig.models.wanted.items():
        found = rig.locks.models.get(model.source)
        if found is not None and needs_lock(model) and reckoned_of(rig, name) is None and found.not_reckoned:
            yield Finding(
                "fit.not-known",
                f"models.wanted.{name}",
                None,
                f"metadata that tells what it takes of memory: {found.not_reckoned}",
                "See for yourself whether it fits.",
                severity="warning",
                rests_on=(f"models.wanted.{name}.*",),
            )


def _needs(fit: Fit) -> str:
    cards = "the card" if fit.cards == 1 else f"each of {fit.cards} cards"
    served = fit.served
    several = f" x {served.parallel}" if served.parallel > 1 else ""
    return (
        f"at most {_gib(fit.have)} on {cards}, and it needs {_gib(fit.each)}: its share of {_gib(fit.weights)} weights "
        f"and {_gib(fit.cache)} cache (context {served.context_tokens}{several}, {served.cache_type}), and "
        f"{_gib(fit.overhead)} beside them"
    )


def _advice(fit: Fit) -> str:
    ways = []
    for cache_type in dict.fromkeys((fit.served.cache_type, "q8_0", "q4_0")):
        most = fit.most_context(cache_type) // 256 * 256
        if most >= LEAST_CONTEXT:
            ways.append(f"context_tokens {min(most, fit.served.context_tokens)} with cache_type {cache_type!r}")
        if most >= fit.served.context_tokens:
            break
    if fit.most_weights:
        ways.append(f"a quantisation of at most {_gib(fit.most_weights)}")
    return f"What would fit: {'; or '.join(ways)}." if ways else "Give it more cards, or take a smaller model."


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"

"""Which flavour of NVIDIA's kernel modules a host gets."""

from __future__ import annotations

from collections.abc import Iterable

from rigwright.catalog.driver import DriverTable, Flavour, Source
from rigwright.catalog.releases import Release


class Impossible(ValueError):
    """No driver can be what the declaration asks for on this host; the text says why and what to declare instead."""


def flavour_for(
    table: DriverTable,
    source: Source,
    release: Release,
    branch: int | None,
    generations: Iterable[str],
    declared: Flavour | None,
) -> Flavour:
    """The module flavour for cards of these generations; ``declared`` None: choose.

    The archive's open modules cannot be used on some releases; old cards have no open modules, new ones nothing else.
    Chosen is "open" where both would do and the branch is one whose open modules are its default (560 and later).
    Raises `Impossible`.
    """
    cards = sorted(set(generations))
    possible: set[Flavour] = {"open", "proprietary"}
    for card in cards:
        generation = table.generations[card]
        if branch is not None and generation.last is not None and branch > generation.last:
            raise Impossible(
                f"driver branch {branch} has dropped {card.capitalize()} cards; {generation.last} is the last for them"
            )
        if branch is not None and branch < generation.first:
            raise Impossible(
                f"driver branch {branch} does not know {card.capitalize()} cards; {generation.first} is the first"
            )
        possible &= set(generation.flavours)
    if not possible:
        raise Impossible(f"no kernel module flavour drives {_listed(cards)} cards at once")
    if source == "distribution" and not release.open_modules:
        if "proprietary" not in possible:
            raise Impossible(
                f"{_listed(cards)} cards need open kernel modules, and {release.codename}'s own cannot be used "
                f"({release.open_modules_why}); declare driver.source 'nvidia'"
            )
        if declared == "open":
            raise Impossible(f"{release.codename}'s own open kernel modules cannot be used: {release.open_modules_why}")
        possible = {"proprietary"}
    if declared is not None:
        if declared not in possible:
            raise Impossible(f"{_listed(cards)} cards have no {declared} kernel modules; declare driver.flavour 'auto'")
        return declared
    old = branch is not None and branch < table.open_modules["first_default"]
    return "proprietary" if "proprietary" in possible and (old or "open" not in possible) else "open"


def _listed(cards: list[str]) -> str:
    return " and ".join(card.capitalize() for card in cards)

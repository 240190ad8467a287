"""How much each card may draw, so that no supply carries more than it should: pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_EPSILON_W = 1e-6


class Draw(NamedTuple):
    """What of a card's limit hangs on one supply: a fixed part first (from the slot), then a share of the rest."""

    fixed_w: float = 0.0
    share: float = 1.0


class Claim(NamedTuple):
    """A card that wants power. Watts; ``draws``: supply → what hangs on it."""

    name: str
    least_w: float
    most_w: float
    demand_w: float
    priority: float
    draws: Mapping[str, Draw]


def load_w(draws: Mapping[str, Draw], supply: str, limit_w: float) -> float:
    """What a card with this limit may draw from the supply."""
    draw = draws.get(supply)
    if draw is None:
        return 0.0
    fixed_w = sum(each.fixed_w for each in draws.values())
    return draw.fixed_w + draw.share * max(0.0, limit_w - fixed_w)


def allot(claims: Sequence[Claim], budgets_w: Mapping[str, float], circuit_w: float | None = None) -> dict[str, float]:
    """Card → limit, W. Nobody gets less than its least, nor more than its most.

    First all rise from their least towards their demand, each as fast as its priority, until a supply is used up; then
    what is left is given in the same way towards their most. Where even the least are too much, the least it is: that
    is refused before it comes to be.
    """
    level = {claim.name: claim.least_w for claim in claims}
    for goal in ("demand_w", "most_w"):
        _fill(claims, level, goal, budgets_w, circuit_w)
    return level


def _fill(
    claims: Sequence[Claim],
    level: dict[str, float],
    goal: str,
    budgets_w: Mapping[str, float],
    circuit_w: float | None,
) -> None:
    rising = [claim for claim in claims if _goal(claim, goal) > level[claim.name] + _EPSILON_W]
    while rising:
        rooms = {supply: budgets_w[supply] - _carried(claims, level, supply) for supply in budgets_w}
        if circuit_w is not None:
            rooms[""] = circuit_w - sum(level.values())
        step = min(
            *((_goal(claim, goal) - level[claim.name]) / claim.priority for claim in rising),
            *(room / speed for supply, room in rooms.items() if (speed := _speed(rising, supply)) > 0),
            float("inf"),
        )
        if step > 0:
            for claim in rising:
                level[claim.name] += step * claim.priority
        used_up = {supply for supply, room in rooms.items() if room - step * _speed(rising, supply) <= _EPSILON_W}
        rising = [
            claim
            for claim in rising
            if _goal(claim, goal) > level[claim.name] + _EPSILON_W
            and not any(_rate(claim, supply) > 0 for supply in used_up)
        ]


def _goal(claim: Claim, goal: str) -> float:
    return max(claim.least_w, min(claim.most_w, float(getattr(claim, goal))))


def _carried(claims: Sequence[Claim], level: Mapping[str, float], supply: str) -> float:
    return sum(load_w(claim.draws, supply, level[claim.name]) for claim in claims)


def _rate(claim: Claim, supply: str) -> float:
    """How much of each watt more the supply carries; "" stands for the circuit."""
    if supply == "":
        return 1.0
    draw = claim.draws.get(supply)
    return draw.share if draw is not None else 0.0


def _speed(rising: Sequence[Claim], supply: str) -> float:
    return sum(claim.priority * _rate(claim, supply) for claim in rising)


def raised(
    in_force_w: Mapping[str, float],
    wanted_w: Mapping[str, float],
    draws: Mapping[str, Mapping[str, Draw]],
    budgets_w: Mapping[str, float],
    circuit_w: float | None,
    most_w: float,
) -> dict[str, float]:
    """What to set now: card → W. Lower at once; raise by ``most_w`` at most, and only into room that is free already.

    ``in_force_w`` counts for a card that is about to be lowered, too: it may not obey. So the sum of what is in force
    never passes a budget by a raise.
    """
    now = dict(in_force_w)
    rooms = {
        supply: budgets_w[supply] - sum(load_w(draws[name], supply, watts) for name, watts in in_force_w.items())
        for supply in budgets_w
    }
    if circuit_w is not None:
        rooms[""] = circuit_w - sum(in_force_w.values())
    for name in sorted(wanted_w, key=lambda each: in_force_w[each] - wanted_w[each]):
        gap = wanted_w[name] - in_force_w[name]
        if gap <= 0:
            now[name] = wanted_w[name]
            continue
        step = min(gap, most_w)
        for supply, room in rooms.items():
            rate = 1.0 if supply == "" else draws[name][supply].share if supply in draws[name] else 0.0
            if rate > 0:
                step = min(step, max(0.0, room) / rate)
        now[name] = in_force_w[name] + step
        for supply in rooms:
            rate = 1.0 if supply == "" else draws[name][supply].share if supply in draws[name] else 0.0
            rooms[supply] -= rate * step
    return now

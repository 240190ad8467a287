"""What somebody breaks by hand is named by the plan, falls short in the proof, and is repaired, it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system import drift as drifts
from tests.system.drift import Drift
from tests.system.outcome import changes
from tests.system.site import Site

pytestmark = [pytest.mark.system, pytest.mark.slow]

DRIFTS: list[Drift] = [
    each
    for module in iter_modules(drifts.__path__)
    for each in import_module(f"{drifts.__name__}.{module.name}").DRIFTS
]
PENDING = ("would change", "depends on earlier")


def test_there_are_at_least_25_ways_to_break_it() -> None:
    assert len({each.name for each in DRIFTS}) == len(DRIFTS) >= 25


@pytest.mark.parametrize("broken", DRIFTS, ids=lambda each: f"{each.layer}: {each.name}")
def test_drift_is_named_and_repaired(declared_host: tuple[ThrowawayHost, Site], broken: Drift) -> None:
    host, rig = declared_host
    with _whole_for_the_next(rig):
        host.run(broken.break_command)

        plan = rig.document("plan")
        assert plan["exit_status"] == 2, changes(plan)
        for name in broken.plan_names:
            assert name in changes(plan)
        assert _named(plan, "would change") <= broken.repaired_by <= _named(plan, *PENDING), changes(plan)

        proof = rig.document("verify")
        assert proof["exit_status"] == 1, changes(proof)
        short = {answer["test"] for answer in proof["hosts"][0]["answers"] if answer["answer"] == "falls short"}
        assert short & set(broken.verify_names), changes(proof)

        applied = rig.document("apply", "--yes")
        assert applied["exit_status"] == 0, changes(applied)
        assert _named(applied, "changed") - set(broken.perhaps) == broken.repaired_by, changes(applied)
        assert broken.layer in {each["layer"] for each in _operations(applied, "changed")}, changes(applied)

        again = rig.document("plan")
        assert again["exit_status"] == 0, changes(again)
        proof = rig.document("verify")
        assert proof["exit_status"] == 0, changes(proof)
        if broken.survives:
            host.run(broken.survives)


@contextmanager
def _whole_for_the_next(rig: Site) -> Iterator[None]:
    """Where this fails, it fails all the same, after another apply: the other things are broken on the same host."""
    whole = False
    try:
        yield
        whole = True
    finally:
        if not whole:
            rig.rig("apply", "--yes")


def _operations(document: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    return [each for each in document["hosts"][0]["operations"] if each["status"] in statuses]


def _named(document: dict[str, Any], *statuses: str) -> set[str]:
    return {each["name"] for each in _operations(document, *statuses)}

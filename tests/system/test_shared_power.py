"""Four cards on two supplies: no sample passes a budget, and less work is lost than under equal caps."""

from __future__ import annotations

import re

import pytest

from bench.shared_power import CAP_W, DOCUMENT, LIMIT_W, LOADS, declared, row, run
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration

pytestmark = pytest.mark.system


@pytest.mark.parametrize("load", LOADS)
def test_sharing_keeps_every_budget_and_loses_less(load: str) -> None:
    found = row(load, seeds=(1,))
    assert not list(found.faults())
    documented = re.search(rf"^\| {re.escape(load)} \| ([\d.]+) % \| ([\d.]+) %", DOCUMENT.read_text(), re.MULTILINE)
    assert documented, "make closed-loop"
    assert found.lost_shared == pytest.approx(float(documented[1]), abs=1.5)
    assert found.lost_capped == pytest.approx(float(documented[2]), abs=1.5)


def test_without_sharing_the_cards_own_limits_would_pass_it() -> None:
    """What the budget is compared with is there: the same cards, told no budget."""
    document = configuration(declared(shared=True, limit_w=LIMIT_W), catalog())
    watts = [entry["power"]["limit_w"] for entry in document["cards"][:2]]
    assert sum(watts) > document["supplies"]["main"]["budget_w"] == 820
    assert run(declared(limit_w=CAP_W), LOADS["bursts on all"], 1).over_budget == 0

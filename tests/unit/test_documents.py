"""What the documents show is what the product says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rigwright.engine.results import HostResult, OperationResult, Outcome, Status

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    """The example in docs/json.md."""
    blocks = re.findall(r"^    \{\n(?:    .*\n)+", (ROOT / "docs/json.md").read_text(), re.MULTILINE)
    assert len(blocks) == 1
    found: dict[str, Any] = json.loads(blocks[0])
    return found


def test_the_example_is_of_operations_that_there_are(plan: dict[str, Any]) -> None:
    (host,) = plan["hosts"]
    named = [(each["layer"], each["name"]) for each in host["operations"]]
    named += [tuple(before.split(" | ")) for each in host["operations"] for before in each.get("depends_on", [])]
    for layer, name in named:
        files = [*(ROOT / "tasks" / layer).glob("*.py"), *(ROOT / "tasks").glob(f"{layer}.py")]
        assert any(f'name="{name}"' in file.read_text() for file in files), f"layer {layer} has no {name!r}"


def test_the_example_is_written_as_results_are(plan: dict[str, Any]) -> None:
    (host,) = plan["hosts"]
    operations = tuple(
        OperationResult(
            each["layer"],
            each["name"],
            Status(each["status"]),
            why=tuple(each.get("why", ())),
            depends_on=tuple(each.get("depends_on", ())),
        )
        for each in host["operations"]
    )
    assert HostResult(host["host"], Outcome(host["outcome"]), operations).as_dict() == host

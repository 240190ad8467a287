"""Every key of a declaration is proved by a test of tests/host, or says why no probe can show it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from rigwright.spec.rig import Rig
from rigwright.spec.shape import Shape, declaration

DECLARED = [name for name in Rig.model_fields if name != "name"]
ROOT = Path(__file__).resolve().parents[2]


def _keys(shape: Shape, path: tuple[str, ...], unproved: bool) -> Iterator[tuple[str, bool]]:
    """Key path (without the names in between, ``access.users.shell``) of each key that holds no others, and whether it,
    or a key above it, says that it cannot be proved."""
    unproved = unproved or _says_why(shape.info)
    if shape.kind == "model" and not shape.atomic:
        for name, child in (shape.fields or {}).items():
            yield from _keys(child, (*path, name), unproved)
    elif shape.item is not None and shape.item.kind == "model":
        yield from _keys(shape.item, path, unproved)
    else:
        yield ".".join(path), unproved


def _says_why(info: FieldInfo | None) -> bool:
    extra = info.json_schema_extra if info else None
    return isinstance(extra, dict) and bool(extra.get("unproved"))


def all_keys() -> dict[str, bool]:
    """Key path → whether the declaration says that it cannot be proved."""
    fields = declaration().fields or {}
    return {key: unproved for name in DECLARED for key, unproved in _keys(fields[name], (name,), unproved=False)}


@pytest.fixture(scope="module")
def known() -> dict[str, bool]:
    return all_keys()


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Key → the tests that prove it, as pytest collects them."""
    events = tmp_path_factory.mktemp("proof") / "events"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/host", "--collect-only", "-q", "--proof-events", str(events)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, set[str]] = {}
    for event in map(json.loads, events.read_text().splitlines()):
        for key in event["keys"]:
            found.setdefault(key, set()).add(f"test_{event['layer']}.py::{event['test']}")
    return found


def test_every_key_is_proved(known: dict[str, bool], proved: dict[str, set[str]]) -> None:
    missing = [key for key, unproved in known.items() if not unproved and key not in proved]
    assert not missing, f"no test of tests/host is marked @proves for: {', '.join(missing)}"


def test_every_proof_names_a_key(known: dict[str, bool], proved: dict[str, set[str]]) -> None:
    unknown = {key: sorted(tests) for key, tests in proved.items() if key not in known}
    assert not unknown, f"@proves names what is no key: {unknown}"


def test_nothing_that_is_proved_says_that_it_cannot_be(known: dict[str, bool], proved: dict[str, set[str]]) -> None:
    contradictions = {key: sorted(proved[key]) for key, unproved in known.items() if unproved and key in proved}
    assert not contradictions, f"declared unproved, yet proved: {contradictions}"

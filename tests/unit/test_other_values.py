"""The system tests have another value for every key that is proved, and each of them is a sound declaration."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.trial import Trial, merged, write_project
from rigwright.spec.load import load_rigs
from rigwright.spec.locks import write_images
from tests.system.declared import FULL, LLAMA, OTHER_IMAGE, SERVING
from tests.system.locked_models import write_lock
from tests.system.other_values import OTHER, UNTOLD, Other
from tests.unit.test_every_key_is_proved import all_keys

ROOT = Path(__file__).resolve().parents[2]
MIRRORS = {
    "driver": {"repository_url": "http://10.0.0.1/cuda", "repository_fingerprint": "A" * 40},
    "containers": {"toolkit": {"repository_url": "http://10.0.0.1/toolkit", "repository_fingerprint": "A" * 40}},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    trial = Trial(None, merged(merged(FULL, SERVING), MIRRORS))
    folder = write_project(tmp_path_factory.mktemp("project"), ROOT, {"basement": trial})
    write_lock(folder)
    write_images(folder, dict.fromkeys((LLAMA, OTHER_IMAGE), f"sha256:{'0' * 64}"))
    return folder


def test_every_proved_key_has_another_value() -> None:
    named = [other.key for other in (*OTHER, *UNTOLD)]
    assert len(named) == len(set(named))
    assert set(named) == {key for key, unproved in all_keys().items() if not unproved}


@pytest.mark.parametrize("other", [*OTHER, *UNTOLD], ids=lambda each: each.key)
def test_another_value_is_sound_and_another(project: Path, other: Other) -> None:
    as_declared = load_rigs(project).rigs["basement"]
    changed = load_rigs(project, overrides=list(other.assignments)).rigs["basement"]
    part = other.key.partition(".")[0]
    assert getattr(changed, part) != getattr(as_declared, part) or other.key == "hardware.board"

"""The inventory and the profiles that come with the project."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from rigwright.spec.load import load_rigs
from rigwright.spec.merge import Merged
from rigwright.spec.project import named_files, project_root
from rigwright.spec.rig import Rig
from rigwright.spec.shape import declaration
from rigwright.spec.source import read

ROOT = project_root(Path(__file__).parent)
PROFILES = sorted(named_files(ROOT, "profiles"))


def test_the_reference_machine_is_sound_and_complete() -> None:
    rig = load_rigs(ROOT).rigs["basement"]
    hardware = rig.hardware
    assert (hardware.board, hardware.cpu, hardware.ram_gib) == ("ASRock X99 WS-E", "Xeon E5-2680 v4", 128)
    assert [gpu.model for gpu in hardware.gpus] == ["GeForce RTX 3090", "GeForce RTX 3090"]
    assert [len(gpu.cables) for gpu in hardware.gpus] == [2, 3]
    assert (rig.driver.source, rig.driver.branch) == ("nvidia", 580)


def test_its_only_warning_is_the_example_key() -> None:
    assert [fault.id for fault in load_rigs(ROOT).warnings] == ["access.example-key"]


def test_there_are_the_profiles_that_the_documentation_names() -> None:
    assert PROFILES == ["inference", "minimal", "quiet", "serving", "training"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_says_what_it_is_for_and_does_something(name: str) -> None:
    source = read(ROOT / "profiles" / f"{name}.py", ROOT)
    assert source.doc.endswith(".")
    layered = Merged(declaration())
    before = Rig.model_validate({"name": "x", **layered.values})
    bare = load_rigs(ROOT, overrides=["profiles=[]"]).rigs["basement"]
    with_it = load_rigs(ROOT, overrides=[f'profiles=["{name}"]']).rigs["basement"]
    assert bare.base.packages == before.base.packages
    changed = {
        part for part in Rig.model_fields if part != "profiles" and getattr(bare, part) != getattr(with_it, part)
    }
    assert changed == set(source.values)


@pytest.mark.parametrize("pair", list(permutations(PROFILES, 2)), ids="+".join)
def test_profiles_go_together(pair: tuple[str, str]) -> None:
    assert load_rigs(ROOT, profiles=list(pair)).rigs["basement"].profiles[-2:] == list(pair)

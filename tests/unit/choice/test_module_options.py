"""What a loaded module says that it runs with, and what is declared."""

from __future__ import annotations

import pytest

from rigwright.choice.module_options import not_in_force, same_value
from rigwright.facts.module_parameters import ModuleParameters

# Recorded: sysfs tells booleans by letters; NVIDIA's own list tells its numbers plainly and texts in quotes.
PARAMETERS = ModuleParameters().process(
    [
        "nvidia_uvm uvm_disable_hmm Y",
        "nvidia_drm modeset N",
        "nvidia_drm fbdev",
        "nvidia NVreg_PreserveVideoMemoryAllocations 1",
        'nvidia NVreg_RegistryDwords ""',
    ]
)


@pytest.mark.parametrize(
    ("have", "wanted", "same"),
    [
        ("Y", 1, True),
        ("Y", "Y", True),
        ("N", "0", True),
        ("N", 1, False),
        ("Y", "on", True),
        ("N", "false", True),
        ("4294967295", -1, True),
        ("-1", -1, True),
        ("16", "0x10", True),
        ("255", "0xff", True),
        ("8", "010", True),
        ("0", "0", True),
        ('"a=1;b=2"', "a=1;b=2", True),
        ("(null)", "", False),
        ("a", "b", False),
        ("", "", True),
    ],
)
def test_values(have: str, wanted: str | int, same: bool) -> None:
    assert same_value(have, wanted) is same


def test_what_is_not_in_force() -> None:
    declared = {"nvidia-uvm": {"uvm_disable_hmm": 1}, "nvidia_drm": {"modeset": 1}, "nvidia": {"NVreg_Unknown": 1}}
    assert not_in_force(declared, PARAMETERS) == ["module nvidia_drm runs with modeset=N, declared 1"]
    assert not_in_force({"nvidia": {"NVreg_PreserveVideoMemoryAllocations": "0x1"}}, PARAMETERS) == []


def test_only_the_modules_asked_for_are_read() -> None:
    assert "for m in bonding nvidia_drm; do" in ModuleParameters().command(modules=["nvidia-drm", "bonding"])

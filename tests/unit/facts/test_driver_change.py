"""What a host remembers of changes of its driver, as its files have it."""

from __future__ import annotations

import base64

import pytest

from rigwright.facts.driver_change import (
    CachedPackages,
    Change,
    ChangeUnderWay,
    Kept,
    KeptDrivers,
    change_of,
    kept_folder,
)

CHANGE = Change("changing", "580.95.05", "590.44.01", stopped=("rig-llm.service", "rigd.service"))
KEPT = Kept(
    "580.95.05",
    {"libcuda1": "580.95.05-1", "nvidia-driver-cuda": "1:580.95.05-1"},
    branch=580,
    version=None,
    flavour="open",
    preferences="Package: *\nPin: version 580.*\nPin-Priority: 1000\n",
)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_change_is_read_as_it_was_written() -> None:
    assert change_of(CHANGE.text()) == CHANGE
    assert ChangeUnderWay().process([encoded(CHANGE.text())]) == CHANGE
    assert ChangeUnderWay().process([]) is None
    assert ChangeUnderWay.default() is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "change.json cannot be read"),
        ('{"format": 2}', "of another version of Rigwright"),
        ('{"format": 1, "step": "changing", "old": "580.95.05"}', "'new' is missing"),
        (CHANGE.text().replace("changing", "resting"), "unknown step 'resting'"),
        ("[]", "of another version of Rigwright"),
    ],
)
def test_a_change_that_cannot_be_read_is_never_taken_for_none(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        change_of(text)


def test_kept_drivers_are_those_whose_files_are_whole() -> None:
    found = KeptDrivers().process(
        [
            f"kept 580.95.05 1763881200 {encoded(KEPT.text())}",
            "deb libcuda1|580.95.05-1|libcuda1_580.95.05-1_amd64.deb|intact",
            "deb libcuda1|580.95.05-1|libcuda1_580.95.05-1_i386.deb|intact",
            "deb nvidia-driver-cuda|1:580.95.05-1|nvidia-driver-cuda_1%3a580.95.05-1_amd64.deb|",
            f"kept 570.86.10 1763881100 {encoded(KEPT.text())}",
        ]
    )
    assert list(found) == ["570.86.10", "580.95.05"], "oldest first"
    kept = found["580.95.05"]
    folder = kept_folder("580.95.05")
    assert kept.files["libcuda1"] == (
        f"{folder}/libcuda1_580.95.05-1_amd64.deb",
        f"{folder}/libcuda1_580.95.05-1_i386.deb",
    )
    assert kept.missing == ("nvidia-driver-cuda",)
    assert kept.text() == KEPT.text()


def test_a_file_of_another_version_is_not_taken_for_the_one_that_is_wanted() -> None:
    (kept,) = (
        KeptDrivers()
        .process(
            [
                f"kept 580.95.05 1763881200 {encoded(KEPT.text())}",
                "deb libcuda1|580.105.08-1|libcuda1_580.105.08-1_amd64.deb|intact",
            ]
        )
        .values()
    )
    assert kept.missing == ("libcuda1", "nvidia-driver-cuda")


def test_apts_cache_by_name_and_version() -> None:
    assert CachedPackages().process(["nvidia-smi_1%3a580.95.05-1_amd64.deb", "stray.deb"]) == {
        ("nvidia-smi", "1:580.95.05-1")
    }

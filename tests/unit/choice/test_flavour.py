"""Which kernel modules a host gets."""

from __future__ import annotations

import pytest

from rigwright.catalog import catalog
from rigwright.catalog.driver import Flavour, Source
from rigwright.choice.cards import generations
from rigwright.choice.flavour import Impossible, flavour_for
from rigwright.facts.gpus import PciGpu
from rigwright.spec.hardware import Gpu, Hardware
from rigwright.spec.rig import Rig


def chosen(source: Source, codename: str, branch: int, *cards: str, declared: Flavour | None = None) -> Flavour:
    return flavour_for(catalog().driver, source, catalog().release(codename), branch, cards, declared)


@pytest.mark.parametrize(
    ("source", "codename", "branch", "cards", "flavour"),
    [
        ("nvidia", "trixie", 590, ["ampere"], "open"),
        ("nvidia", "bookworm", 580, ["turing", "ada"], "open"),
        ("nvidia", "bookworm", 580, ["pascal"], "proprietary"),
        ("nvidia", "bookworm", 580, ["pascal", "ampere"], "proprietary"),
        ("nvidia", "bookworm", 550, ["ampere"], "proprietary"),  # open modules were not yet the default for GeForce
        ("nvidia", "bookworm", 570, ["blackwell"], "open"),
        ("nvidia", "bookworm", 580, [], "open"),
        ("distribution", "trixie", 550, ["ampere"], "proprietary"),  # the archive's open modules do not build
        ("distribution", "bookworm", 535, ["ampere"], "proprietary"),
        ("distribution", "noble", 580, ["ampere"], "open"),
        ("distribution", "noble", 580, ["maxwell"], "proprietary"),
    ],
)
def test_flavour(source: Source, codename: str, branch: int, cards: list[str], flavour: Flavour) -> None:
    assert chosen(source, codename, branch, *cards) == flavour


def test_a_declared_flavour_is_taken_where_it_can_be() -> None:
    assert chosen("nvidia", "bookworm", 580, "ampere", declared="proprietary") == "proprietary"
    assert chosen("nvidia", "bookworm", 550, "ampere", declared="open") == "open"


@pytest.mark.parametrize(
    ("source", "codename", "branch", "cards", "declared", "text"),
    [
        ("nvidia", "trixie", 590, ["pascal"], None, "has dropped Pascal cards; 580 is the last for them"),
        ("nvidia", "bookworm", 565, ["blackwell"], None, "does not know Blackwell cards; 570 is the first"),
        (
            "nvidia",
            "bookworm",
            580,
            ["pascal", "blackwell"],
            None,
            "no kernel module flavour drives Blackwell and Pascal",
        ),
        ("nvidia", "bookworm", 580, ["pascal"], "open", "Pascal cards have no open kernel modules"),
        ("nvidia", "bookworm", 580, ["blackwell"], "proprietary", "Blackwell cards have no proprietary kernel modules"),
        ("distribution", "trixie", 550, ["ampere"], "open", "own open kernel modules cannot be used"),
        ("distribution", "trixie", None, ["blackwell"], None, "declare driver.source 'nvidia'"),
    ],
)
def test_what_cannot_be(
    source: Source, codename: str, branch: int, cards: list[str], declared: Flavour | None, text: str
) -> None:
    with pytest.raises(Impossible, match=text):
        chosen(source, codename, branch, *cards, declared=declared)


def card(device: str, generation: str | None = None) -> PciGpu:
    return PciGpu("0000:03:00.0", device, 16, 16, "", generation)


def test_generations_are_those_declared_and_those_found() -> None:
    gpu = Gpu(model="GeForce RTX 3090", slot="1", cables=["8-pin", "8-pin"], supply="main", riser="none")
    rig = Rig(name="x", hardware=Hardware(gpus=[gpu]))
    assert generations(rig, catalog(), []) == {"ampere"}
    assert generations(rig, catalog(), [card("0x2b85")]) == {"ampere", "blackwell"}  # by its device id
    assert generations(Rig(name="x"), catalog(), [card("0x1234", "turing")]) == {"turing"}  # by its chip's name
    assert generations(Rig(name="x"), catalog(), [card("0x1234")]) == frozenset()

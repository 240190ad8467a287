"""A wrong type hides no rule over the values beside it, and no rule says what is only true because of it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from rigwright.spec.checked import checked
from rigwright.spec.merge import Layer, Merged
from rigwright.spec.origin import Path, dotted
from rigwright.spec.position import Position
from rigwright.spec.shape import declaration
from tests.unit.rules.case import UUID, Case, Parts, card, machine
from tests.unit.rules.cases_access import ACCESS, CONNECTION
from tests.unit.rules.cases_base import BASE
from tests.unit.rules.cases_driver import DRIVER
from tests.unit.rules.cases_hardware import HARDWARE
from tests.unit.rules.cases_layers import LAYERS

ALL = [*HARDWARE, *BASE, *ACCESS, *CONNECTION, *DRIVER, *LAYERS]
WRONG = {"of no type"}
"""Nothing in a declaration is a set."""


def _declared(parts: Parts) -> Parts:
    whole: Parts = {"driver": {"branch": 580}, **deepcopy(parts)}
    return {**whole, **whole.pop("connection", {})}


def _faults(parts: Parts) -> dict[str, set[str]]:
    """Fault id → the keys that it is at."""
    merged = Merged(declaration())
    merged.add(Layer("host", "inventory/home.py", parts, Position(1)))
    found: dict[str, set[str]] = {}
    for fault in checked("x", merged).faults:
        found.setdefault(fault.id, set()).add(fault.key)
    return found


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in entries:
        yield (*path, name)
        yield from _paths(inner, (*path, name))


def _holder(parts: Parts, path: Path) -> Any:
    holder: Any = parts
    for step in path[:-1]:
        holder = holder[step]
    return holder


def _spoilt(parts: Parts) -> Iterator[tuple[str, Parts]]:
    """The declaration with one value of a wrong type, and with one key misspelt, for each value and key of it."""
    for path in _paths(_declared(parts)):
        wrong = _declared(parts)
        _holder(wrong, path)[path[-1]] = WRONG
        yield f"{dotted(path)} of a wrong type", wrong
        above = declaration().at(path[:-1])
        if above is not None and above.kind == "model":
            misspelt = _declared(parts)
            holder, name = _holder(misspelt, path), str(path[-1])
            holder[f"{name}x"] = holder.pop(name)
            yield f"{dotted(path)} misspelt", misspelt


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_nothing_is_said_that_only_follows_from_what_was_spoilt(case: Case) -> None:
    for parts in (case.right, case.wrong):
        known = {*_faults(_declared(parts)), "value.wrong", "key.unknown", "key.missing"}
        said = {how: set(_faults(spoilt)) - known for how, spoilt in _spoilt(parts)}
        assert {how: ids for how, ids in said.items() if ids} == {}


_DISKS = {"a": {"uuid": UUID, "mount": "/a"}, "b": {"format": "S1", "mount": "/b"}}
_DRIVES = {name: {"model": "x", "size_gb": 1, "serial": serial} for name, serial in (("one", "S1"), ("two", "S2"))}
_FED_APART = [card("PCIE1", supply="second", riser="usb")]
NEARLY_WRONG: dict[str, Parts] = {
    "a door where SSH would be": {
        "access": {
            "ssh": {"port": 2222},
            "firewall": {"ports": {"old": {"port": 22}, "new": {"port": 2222, "protocol": "udp"}}},
        }
    },
    "a drive to be formatted": {"base": {"disks": _DISKS}, "hardware": {"storage": _DRIVES}},
    "images on one of two disks": {"base": {"disks": _DISKS}, "containers": {"data_root": "/a/docker"}},
    "as many plugs as there are": machine(
        card(), psus={"main": {"rated_w": 1300, "connectors": {"8-pin": 2, "6-pin": 1}}}
    ),
    "no watt to spare for a slot": machine(*_FED_APART, psus={"main": {"rated_w": 125}, "second": {"rated_w": 1300}}),
}
"""Sound as they are; what one value keeps right would be wrong with its default."""


@pytest.mark.parametrize("parts", NEARLY_WRONG.values(), ids=NEARLY_WRONG)
def test_nothing_is_said_of_what_only_its_default_would_make_wrong(parts: Parts) -> None:
    assert _faults(_declared(parts)) == {}
    said = {how: set(_faults(spoilt)) - {"value.wrong", "key.unknown", "key.missing"} for how, spoilt in _spoilt(parts)}
    assert {how: ids for how, ids in said.items() if ids} == {}


CARDS = [card("PCIE1", "GeForce RTX 3090 Tii"), card("PCIE2", supply="mian"), card("PCIE2")]
HIDDEN = {
    "models.unknown-card": {"hardware.gpus.0.model"},
    "models.no-supply": {"hardware.gpus.1.supply"},
    "pcie.slot-twice": {"hardware.gpus.2.slot"},
}
SPOILT: dict[str, tuple[Parts, set[str]]] = {
    "beside the cards": ({"ram_gib": "128"}, set(HIDDEN)),
    "a supply's rating": ({"psus": {"main": {"rated_w": "1300"}}}, set(HIDDEN)),
    "a supply that is no mapping": ({"psus": {"main": 1300}}, {"models.unknown-card", "pcie.slot-twice"}),
    "a supply's name": (
        {"psus": {"main": {"rated_w": 1300}, "not a name": {}}},
        {"models.unknown-card", "pcie.slot-twice"},
    ),
    "a card's optional key": ({"gpus": [{**CARDS[0], "riser": 4}, *CARDS[1:]]}, set(HIDDEN)),
    "a card's required key": (
        {"gpus": [{**CARDS[0], "model": 3090}, *CARDS[1:]]},
        {"models.no-supply", "pcie.slot-twice"},
    ),
    "a card without a slot": ({"gpus": [{**CARDS[0], "slot": None}, *CARDS[1:]]}, set(HIDDEN)),
    "a card that is no mapping": ({"gpus": ["RTX 3090", *CARDS[1:]]}, {"models.no-supply", "pcie.slot-twice"}),
}


@pytest.mark.parametrize(("changed", "still"), SPOILT.values(), ids=SPOILT)
def test_what_is_beside_it_is_said_all_the_same_and_at_its_place(changed: Parts, still: set[str]) -> None:
    faults = _faults(_declared({"hardware": {**machine(*CARDS)["hardware"], **changed}}))
    assert {id: keys for id, keys in faults.items() if "." in id and id.partition(".")[0] not in {"value", "key"}} == {
        id: keys for id, keys in HIDDEN.items() if id in still
    }
    assert len(faults) == len(still) + 1

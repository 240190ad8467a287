"""A wrong type hides no rule over the values beside it, and no rule says what is only true because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest

from rigwright.spec.checked import checked
from rigwright.spec.merge import Layer, Merged
from rigwright.spec.origin import Path, dotted
from rigwright.spec.position import Position
from rigwright.spec.shape import declaration
from tests.unit.rules.case import IMAGE, LOCKS, UUID, Case, Parts, card, machine
from tests.unit.rules.cases_access import ACCESS, CONNECTION
from tests.unit.rules.cases_backup import BACKUP
from tests.unit.rules.cases_base import BASE
from tests.unit.rules.cases_driver import DRIVER
from tests.unit.rules.cases_fit import FIT
from tests.unit.rules.cases_gateway import GATEWAY
from tests.unit.rules.cases_hardware import HARDWARE
from tests.unit.rules.cases_install import INSTALL, INSTALL_WAY_IN
from tests.unit.rules.cases_layers import LAYERS
from tests.unit.rules.cases_models import MODELS
from tests.unit.rules.cases_rigd import RIGD
from tests.unit.rules.cases_runtimes import RUNTIMES

ALL = [
    *HARDWARE,
    *BASE,
    *ACCESS,
    *CONNECTION,
    *DRIVER,
    *LAYERS,
    *RIGD,
    *MODELS,
    *RUNTIMES,
    *GATEWAY,
    *BACKUP,
    *FIT,
    *INSTALL,
    *INSTALL_WAY_IN,
]
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
    for fault in checked("x", merged, LOCKS).faults:
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


def _set(path: Path, value: Any) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        _holder(parts, path)[path[-1]] = value

    return change


def _renamed(path: Path, name: Any) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        holder = _holder(parts, path)
        holder[name] = holder.pop(path[-1])

    return change


def _without(path: Path) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        del _holder(parts, path)[path[-1]]

    return change


def _spoilings(parts: Parts, entry: Path) -> Iterator[tuple[str, Path, Callable[[Parts], None]]]:
    """Every way to spoil an entry of a mapping or a list, or something in it, each with the path that it is at."""
    if declaration().at(entry[:-1]).kind == "map":  # type: ignore[union-attr]
        yield "ill named", entry, _renamed(entry, "Not A Name!")
    for path in [entry, *(path for path in _paths(parts) if path[: len(entry)] == entry and path != entry)]:
        yield "of a wrong type", path, _set(path, WRONG)
        yield "an empty mapping", path, _set(path, {})
        yield "a list of a number", path, _set(path, [1])
        if path != entry and isinstance(path[-1], str):
            yield "misspelt", path, _renamed(path, f"{path[-1]}x")
            if (shape := declaration().at(path)) is not None and shape.required:
                yield "missing", path, _without(path)


def _entries(parts: Parts) -> Iterator[Path]:
    for path in _paths(parts):
        above = declaration().at(path[:-1])
        if above is not None and above.kind in {"map", "list"} and above.item and above.item.kind == "model":
            yield path


def _spoilt_twice(parts: Parts) -> Iterator[tuple[str, Parts]]:
    """The declaration with two things wrong in one entry, for each two and each entry of it."""
    whole = _declared(parts)
    for entry in _entries(whole):
        for (how, at, spoil), (how_else, beside, spoil_more) in combinations(_spoilings(whole, entry), 2):
            if at[: len(beside)] == beside or (beside[: len(at)] == at and how != "ill named"):
                continue  # one is in the other
            wrong = _declared(parts)
            spoil_more(wrong)
            spoil(wrong)
            yield f"{dotted(at)} {how}, {dotted(beside)} {how_else}", wrong


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


TWICE: dict[str, Parts] = {
    "a door": {"access": {"firewall": {"ports": {"web": {"port": 443, "protocol": "udp", "sources": ["10.0.0.0/8"]}}}}},
    "a user": {"access": {"users": {"me": {"keys": ["ssh-ed25519 AAAA me", "k"], "shell": "/bin/sh"}}}},
    "a disk": {"base": {"disks": {"data": {"uuid": UUID, "mount": "/data", "options": ["noatime"]}}}},
    "a runtime": {
        "runtimes": {"services": {"llm": {"kind": "custom", "image": IMAGE, "port": 9000, "gpus": []}}},
    },
    "a model": {"models": {"wanted": {"m": {"hub": "a/b", "files": ["x"], "revision": "r"}}}},
    "a drive": {"hardware": {"storage": {"boot": {"model": "x", "size_gb": 1, "serial": "S1"}}}},
    "cards and supplies": machine(card(riser="usb"), card("PCIE2")),
}
"""One of each entry that has keys of its own."""


@pytest.mark.parametrize("parts", TWICE.values(), ids=TWICE)
def test_nothing_is_said_that_only_follows_from_two_things_in_one_entry(parts: Parts) -> None:
    known = {"value.wrong", "key.unknown", "key.missing", *_faults(_declared(parts))}
    said = {how: set(_faults(wrong)) - known for how, wrong in _spoilt_twice(parts)}
    assert len(said) > 10
    assert {how: ids for how, ids in said.items() if ids} == {}


@pytest.mark.parametrize(
    "overrides",
    [
        {"access": {"firewall": {"ports": {"Jupyter Lab": {"port": "8888"}}}}},
        {"base": {"disks": {"data": {"options": [1]}}}},
        {"access": {"users": {"Anna": {"keys": ["k", 3]}}}},
        {"hardware": {"storage": {"Boot Disk": {}}}},
    ],
    ids=["an ill-named door", "a disk without its keys", "an ill-named user", "an ill-named drive without its keys"],
)
def test_two_faults_of_one_entry_are_said_and_hide_no_rule(overrides: Parts) -> None:
    faults = _faults(_declared({"containers": {"engine": "podman", "daemon": {"debug": True}}, **overrides}))
    assert sum(len(keys) for id, keys in faults.items() if id in {"value.wrong", "key.unknown", "key.missing"}) > 1
    assert faults["containers.podman-daemon"] == {"containers.daemon"}


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
    "hardware.unknown-card": {"hardware.gpus.0.model"},
    "hardware.no-supply": {"hardware.gpus.1.supply"},
    "pcie.slot-twice": {"hardware.gpus.2.slot"},
}
SPOILT: dict[str, tuple[Parts, set[str]]] = {
    "beside the cards": ({"ram_gib": "128"}, set(HIDDEN)),
    "a supply's rating": ({"psus": {"main": {"rated_w": "1300"}}}, set(HIDDEN)),
    "a supply that is no mapping": ({"psus": {"main": 1300}}, {"hardware.unknown-card", "pcie.slot-twice"}),
    "a supply's name": (
        {"psus": {"main": {"rated_w": 1300}, "not a name": {}}},
        {"hardware.unknown-card", "pcie.slot-twice"},
    ),
    "a card's optional key": ({"gpus": [{**CARDS[0], "riser": 4}, *CARDS[1:]]}, set(HIDDEN)),
    "a card's required key": (
        {"gpus": [{**CARDS[0], "model": 3090}, *CARDS[1:]]},
        {"hardware.no-supply", "pcie.slot-twice"},
    ),
    "a card without a slot": ({"gpus": [{**CARDS[0], "slot": None}, *CARDS[1:]]}, set(HIDDEN)),
    "a card that is no mapping": ({"gpus": ["RTX 3090", *CARDS[1:]]}, {"hardware.no-supply", "pcie.slot-twice"}),
}


@pytest.mark.parametrize(("changed", "still"), SPOILT.values(), ids=SPOILT)
def test_what_is_beside_it_is_said_all_the_same_and_at_its_place(changed: Parts, still: set[str]) -> None:
    faults = _faults(_declared({"hardware": {**machine(*CARDS)["hardware"], **changed}}))
    assert {id: keys for id, keys in faults.items() if "." in id and id.partition(".")[0] not in {"value", "key"}} == {
        id: keys for id, keys in HIDDEN.items() if id in still
    }
    assert len(faults) == len(still) + 1

"""Forward, back, nothing or a refusal: what a change of the driver comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.choice.driver_change import (
    Back,
    Forward,
    Impossible,
    Look,
    Nothing,
    Refused,
    kept_of,
    overrides_of,
    rollback_step,
    upgrade_step,
)
from rigwright.facts.driver import Offer, Place
from rigwright.facts.driver_change import Change, Kept
from rigwright.facts.modules import ModulesState
from tests.unit.operations.driver_hosts import ARCHIVE, NEW, have, module, wanted

OLD, NEWER, OTHER = "580.95.05", "580.105.08", "590.44.01"
BRANCH = wanted("bookworm", source="nvidia", branch=580)
SET = BRANCH.packages.packages
PLACE = Place(500, f"{BRANCH.repository}  Packages", "NVIDIA")
OFFERS = {
    name: Offer(f"{OLD}-1", f"{NEWER}-1", {f"{each}-1": (PLACE,) for each in (OTHER, NEWER, OLD)}) for name in SET
}
KEPT = Kept(OTHER, {"libcuda1": f"{OTHER}-1"}, 590, None, "open", None, files={"libcuda1": ("/x.deb",)})
HOST = Look(have(f"{OLD}-1", *SET), OFFERS, ModulesState(), [NEW], [], container=False, kept={}, change=None)
LOADED = ModulesState(running=OLD)


def host(**other: Any) -> Look:
    return replace(HOST, **other)


def to(**driver: Any) -> Any:
    return wanted("bookworm", source="nvidia", **driver)


def test_it_goes_to_the_newest_of_the_declared_branch_though_an_older_one_fits() -> None:
    assert upgrade_step(host(), BRANCH, may_reboot=True) == Forward(OLD, NEWER)


def test_it_goes_to_another_branch_or_to_a_version_even_an_older_one() -> None:
    assert upgrade_step(host(), to(branch=590), may_reboot=True) == Forward(OLD, OTHER)
    newer = host(packages=have(f"{NEWER}-1", *SET))
    assert upgrade_step(newer, to(version=OLD), may_reboot=True) == Forward(NEWER, OLD)


def test_the_newest_of_the_branch_needs_nothing() -> None:
    found = upgrade_step(host(packages=have(f"{NEWER}-1", *SET)), BRANCH, may_reboot=True)
    assert isinstance(found, Nothing) and "the newest that there is of branch 580" in found.said


def test_a_branch_never_goes_down_by_itself() -> None:
    """A repository that has taken a release back is no reason to take it from the host."""
    withdrawn = host(packages=have("580.200.1-1", *SET))
    found = upgrade_step(withdrawn, BRANCH, may_reboot=True)
    assert isinstance(found, Nothing) and f"newer than {NEWER}" in found.said


def test_what_the_repository_does_not_have_is_refused_with_what_it_has() -> None:
    with pytest.raises(Impossible, match=r"offers no driver 580\.1: it has 580\.95\.05, 580\.105\.08, 590\.44\.01"):
        upgrade_step(host(), to(version="580.1"), may_reboot=True)


def test_without_a_driver_there_is_nothing_to_upgrade() -> None:
    with pytest.raises(Refused, match="no driver is installed: `rig apply`"):
        upgrade_step(host(packages={}), BRANCH, may_reboot=True)


def test_an_upgrade_stays_with_one_source() -> None:
    archive = OFFERS | {SET[0]: Offer(None, None, {f"{OLD}-1": (ARCHIVE,), f"{NEWER}-1": (PLACE,)})}
    with pytest.raises(Refused, match=r"came from another source than driver\.source 'nvidia'"):
        upgrade_step(host(offers=archive), BRANCH, may_reboot=True)


@pytest.mark.parametrize(
    "step", [lambda found: upgrade_step(found, BRANCH, False), lambda it: rollback_step(it, False)]
)
def test_a_loaded_driver_that_no_reboot_may_replace_is_left_alone(step: Any) -> None:
    with pytest.raises(Refused, match=r"driver 580\.95\.05 is loaded, and only a reboot loads another"):
        step(host(modules=LOADED, kept={OTHER: KEPT}))
    assert isinstance(step(host(kept={OTHER: KEPT})), Forward), "none is loaded"
    assert isinstance(step(host(modules=LOADED, kept={OTHER: KEPT}, container=True)), Forward)


CHANGING = Change("changing", OLD, OTHER)
GOING_BACK = Change("going back", OLD, OTHER, why=("Install the driver: no",))
OLD_KEPT = replace(KEPT, upstream=OLD)


def test_what_was_cut_off_goes_on_where_it_was_going() -> None:
    half = host(change=CHANGING, kept={OLD: OLD_KEPT}, modules=LOADED)
    assert upgrade_step(half, to(branch=590), may_reboot=False) == Forward(OLD, OTHER, resumed=True)
    assert rollback_step(half, may_reboot=False) == Back(CHANGING, OLD_KEPT)


def test_what_was_cut_off_does_not_go_elsewhere() -> None:
    with pytest.raises(Refused, match=r"from driver 580.95.05 to 590.44.01 was cut off.*--to 590.44.01` goes on"):
        upgrade_step(host(change=CHANGING), BRANCH, may_reboot=True)


def test_what_was_going_back_goes_back_whatever_is_asked_for() -> None:
    half = host(change=GOING_BACK, kept={OLD: OLD_KEPT})
    assert upgrade_step(half, BRANCH, may_reboot=True) == Back(GOING_BACK, OLD_KEPT)
    assert rollback_step(half, may_reboot=True) == Back(GOING_BACK, OLD_KEPT)
    assert rollback_step(replace(half, kept={}), may_reboot=True) == Back(GOING_BACK, None)


def test_a_rollback_that_was_cut_off_goes_on_as_one() -> None:
    half = host(change=replace(CHANGING, from_kept=True), kept={OTHER: KEPT})
    assert rollback_step(half, may_reboot=True) == Forward(OLD, OTHER, resumed=True, kept=KEPT)
    with pytest.raises(Refused, match="`rig driver rollback` goes on with it"):
        upgrade_step(half, to(branch=590), may_reboot=True)
    with pytest.raises(Refused, match="not kept here any more"):
        rollback_step(replace(half, kept={}), may_reboot=True)


def test_a_rollback_goes_to_the_driver_that_was_kept_last_and_is_not_installed() -> None:
    older = replace(KEPT, upstream="570.86.10")
    found = host(kept={"570.86.10": older, OTHER: KEPT, OLD: OLD_KEPT})
    assert rollback_step(found, may_reboot=True) == Forward(OLD, OTHER, kept=KEPT)
    with pytest.raises(Refused, match=r"no driver but the installed 580\.95\.05 is kept here"):
        rollback_step(host(kept={OLD: OLD_KEPT}), may_reboot=True)
    with pytest.raises(Refused, match="not whole: libcuda1 missing"):
        rollback_step(host(kept={OTHER: replace(KEPT, files={})}), may_reboot=True)


def test_what_is_kept_is_what_was_declared_then() -> None:
    on_disk = ModulesState(on_disk={NEW: (module(OLD, "nvidia", is_open=True),)})
    packages = have(f"{OLD}-1", *SET) | have("1.2", "nvidia-modprobe") | have(f"{OLD}-1", "half", status="iF")
    kept = kept_of(packages, on_disk, "Package: x\nPin: version 580.*\nPin-Priority: 1000\n")
    assert kept is not None
    assert (kept.upstream, kept.branch, kept.version, kept.flavour) == (OLD, 580, None, "open")
    assert kept.packages["nvidia-modprobe"] == "1.2" and "half" not in kept.packages
    assert overrides_of(kept) == ("driver.branch=580", "driver.version=null", "driver.flavour=open")
    exact = kept_of(packages, ModulesState(), f"Package: x\nPin: version {OLD}*\nPin-Priority: 1001\n")
    assert exact is not None and overrides_of(exact)[1] == f"driver.version={OLD}"
    assert kept_of({}, on_disk, None) is None

"""What is looked at before a driver is changed, and what `rig driver status` tells of a host."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine

from rigwright.choice.driver_change import Forward, upgrade_step
from rigwright.facts.driver_change import Change, ChangeUnderWay, KeptDrivers
from rigwright.facts.files import Files
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tasks.driver import looking
from tasks.driver.repository import SOURCE
from tests.unit.operations.harness import file
from tests.unit.operations.test_driver_change_layer import KEPT, KERNEL, NAMES, NEW, OLD, facts

RIG = Rig(name="x", driver=Driver(source="nvidia", branch=590))
STAMP = "/var/lib/rigwright/apt-read/rigwright-nvidia.sources"


def host(succeeds: bool = True, **changed: Any) -> Any:
    """A host with driver 580 in force; ``commands``: what was run on it."""
    known = facts() | {Files: {SOURCE: file("x"), STAMP: file("x", mtime=1763881200.0)}} | changed.pop("facts", {})
    commands: list[str] = []

    def get_fact(cls: Any, **arguments: Any) -> Any:
        value = known[cls]
        if cls is Files:
            return {path: value.get(path) for path in arguments["paths"]}
        return value(**arguments) if callable(value) else value

    def run_shell_command(command: Any, **_: Any) -> tuple[bool, CommandOutput]:
        commands.append(str(command))
        lines = [] if succeeds else [OutputLine("stderr", "E: Failed to fetch http://192.0.2.1/cuda/InRelease")]
        return succeeds, CommandOutput(lines)

    return SimpleNamespace(get_fact=get_fact, run_shell_command=run_shell_command, data={}, commands=commands)


def test_the_repository_is_read_anew_before_it_is_decided_where_to() -> None:
    found = host()
    wanted, look = looking.asked(found, RIG)
    assert len(found.commands) == 1 and f"-o Dir::Etc::sourcelist={SOURCE}" in found.commands[0]
    assert upgrade_step(look, wanted, may_reboot=True) == Forward(OLD, NEW)
    under_way = host(facts={ChangeUnderWay: Change("changing", OLD, NEW)})
    looking.asked(under_way, RIG)
    assert under_way.commands == [], "it is decided"


def test_without_our_source_file_the_others_are_read() -> None:
    found = host(facts={Files: {}})
    looking.lists_read(found, RIG)
    assert SOURCE not in found.commands[0]


def test_a_repository_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(looking.ListsNotRead, match="Failed to fetch http"):
        looking.asked(host(succeeds=False), RIG)


def test_a_rollback_needs_no_offers() -> None:
    look = looking.look(host(), None)
    assert (look.installed, list(look.kept), look.kernels, look.container) == (OLD, [OLD], (KERNEL,), False)


def test_the_status_as_data() -> None:
    told = looking.told(host(facts={ChangeUnderWay: Change("changing", OLD, NEW)}), RIG)
    assert told["declared"] == {
        "state": "present", "source": "nvidia", "branch": 590, "version": None, "flavour": "auto",
    }  # fmt: skip
    assert (told["installed"], told["loaded"], told["modules"]) == (OLD, OLD, {KERNEL: OLD})
    assert (told["held"], told["loose"], told["lists_read_at"]) == (sorted(NAMES), [], 1763881200.0)
    assert told["offered"] == {"590": NEW, "580": OLD}
    assert told["kept"] == [], "the installed one is nothing to go back to"
    assert told["change"]["new"] == NEW
    newer = looking.told(host(facts={KeptDrivers: {"570.1": replace(KEPT, upstream="570.1")}}), RIG)
    assert newer["kept"] == [{"version": "570.1", "whole": True, "missing": []}]


def test_a_host_without_a_driver_of_ours_is_offered_none() -> None:
    assert looking.told(host(), Rig(name="x", driver=Driver(source="none")))["offered"] == {}


def test_names_with_the_branch_in_them_are_asked_for_in_every_branch() -> None:
    assert looking._word("nvidia-driver-cuda") == "nvidia-driver-cuda"
    assert looking._word("libnvidia-compute-{branch}") == (
        "$(apt-cache pkgnames libnvidia-compute- | grep -xE 'libnvidia-compute-[0-9]+')"
    )

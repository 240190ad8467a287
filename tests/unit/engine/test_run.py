"""Plans and applies on fake hosts: what is found, what is done, what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from paramiko import ECDSAKey
from pyinfra.api import operation as operation_of_pyinfra

from rigwright.engine.ledger import ledger_of
from rigwright.engine.results import Outcome, Status
from rigwright.engine.run import Run
from rigwright.engine.way_in import WayIn
from rigwright.spec.connection import Connection
from tests.unit.engine.conftest import Machine, operation
from tests.unit.engine.deploys import DEPENDENT, PAIR, Prepare


def test_a_plan_says_what_would_change_and_why(prepare: Prepare, machine: Machine) -> None:
    machine.state["@fake/a", "one"] = "yes"
    [found] = prepare(PAIR).plan()
    assert found.outcome is Outcome.PENDING
    assert operation(found, "base | First").status is Status.UNCHANGED
    second = operation(found, "base | Second")
    assert (second.layer, second.status, second.why) == ("base", Status.WOULD_CHANGE, ("two: absent, wanted",))
    assert machine.ran("@fake/a", "make") == []


def test_an_apply_does_what_the_plan_found_and_a_second_run_finds_nothing(prepare: Prepare, machine: Machine) -> None:
    machine.state["@fake/a", "one"] = "yes"
    run = prepare(PAIR)
    run.plan()
    [done] = run.apply()
    assert done.outcome is Outcome.CHANGED
    assert operation(done, "base | Second").commands == ("make two",)
    [again] = prepare(PAIR).plan()
    assert (again.outcome, again.pending) == (Outcome.AS_DECLARED, ())


def test_unlike_hosts_go_their_own_way(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        for what in host.loop(["one", "two"] if host.name == "@fake/a" else ["two", "one", "three"]):
            have(name=f"Make {what}", what=what)
    """
    run = prepare(deploy, "a b")
    run.plan()
    run.apply()
    assert machine.ran("@fake/a", "make") == ["make one", "make two"]
    assert machine.ran("@fake/b", "make") == ["make two", "make one", "make three"]


def test_a_second_run_in_a_process_is_refused(prepare: Prepare, tmp_path: Any) -> None:
    prepare("")
    with pytest.raises(RuntimeError, match="allows one"):
        Run(tmp_path, {})


def test_one_run_may_follow_another_that_is_closed(prepare: Prepare, machine: Machine, tmp_path: Any) -> None:
    run = prepare(PAIR)
    run.plan()
    run.apply()
    run.close()
    following = Run(tmp_path, {"@fake/a": Connection()})
    [again] = following.plan()
    assert (again.outcome, len(again.operations)) == (Outcome.AS_DECLARED, 2)
    following.close()


def test_a_deploy_may_be_given_and_what_was_asked_before_is_still_known(prepare: Prepare, machine: Machine) -> None:
    run = prepare("raise AssertionError('the project's own deploy is not loaded')")

    @operation_of_pyinfra()
    def touched() -> Any:
        yield "make one"

    assert run.ask(lambda host: host.name) == {"@fake/a": "@fake/a"}
    [found] = run.plan(lambda: touched(name="Touch it"))
    assert operation(found, "Touch it").status is Status.WOULD_CHANGE
    run.apply()
    assert machine.ran("@fake/a", "make") == ["make one"]


def test_results_are_plain_data(prepare: Prepare, machine: Machine) -> None:
    [found] = prepare(DEPENDENT).plan()
    assert found.as_dict() == {
        "host": "@fake/a",
        "outcome": "changes pending",
        "operations": [
            {"layer": "", "name": "First", "status": "would change", "why": ["one: absent, wanted"]},
            {"layer": "", "name": "Second", "status": "depends on earlier", "depends_on": ["First"]},
            {"layer": "", "name": "Third", "status": "depends on earlier", "depends_on": ["Second"]},
        ],
    }


def test_what_is_to_be_said_of_the_way_in_is_said_to_programs_too(prepare: Prepare, machine: Machine) -> None:
    run = prepare(DEPENDENT)
    [host] = run._inventory
    ledger_of(host).way_in = WayIn(22, ECDSAKey.generate(), "answers on port 22, where a bare distribution listens")
    for results in (run.plan(), run.apply()):
        assert results[0].as_dict()["remark"] == "answers on port 22, where a bare distribution listens"


def test_a_remark_is_shown_though_nothing_changes(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        from rigwright.engine.reasons import remark

        @operation()
        def look():
            remark("a reboot is needed, and not allowed")
            yield from ()

        look(name="Look")
    """
    [found] = prepare(deploy).plan()
    look = operation(found, "Look")
    assert (look.status, look.remarks) == (Status.UNCHANGED, ("a reboot is needed, and not allowed",))


def test_what_is_outstanding_keeps_the_host_from_being_as_declared(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        from rigwright.engine.reasons import outstanding

        @operation()
        def look():
            outstanding("a reboot is needed, and not allowed")
            yield from ()

        have(name="Have it", what="thing")
        look(name="Look")
    """
    run = prepare(deploy)
    [found] = run.plan()
    look = operation(found, "Look")
    assert (look.status, look.remarks) == (Status.OUTSTANDING, ("a reboot is needed, and not allowed",))
    assert (found.outcome, len(found.pending)) == (Outcome.PENDING, 1)
    [done] = run.apply()
    assert operation(done, "Have it").status is Status.CHANGED
    assert (operation(done, "Look").status, done.outcome) == (Status.OUTSTANDING, Outcome.PENDING)


def test_nothing_but_what_is_outstanding_is_nothing_to_apply(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        from rigwright.engine.reasons import outstanding

        @operation()
        def look():
            outstanding("a reboot is needed, and not allowed")
            yield from ()

        look(name="Look")
    """
    run = prepare(deploy)
    [found] = run.plan()
    assert (found.outcome, found.pending) == (Outcome.PENDING, ())
    [done] = run.apply()
    assert done.outcome is Outcome.PENDING

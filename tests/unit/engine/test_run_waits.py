"""Operations that wait for what earlier ones do."""

from __future__ import annotations

from rigwright.engine.results import Status
from tests.unit.engine.conftest import Machine, operation
from tests.unit.engine.deploys import DEPENDENT, Prepare


def test_what_depends_on_a_change_is_not_judged_before_it(prepare: Prepare, machine: Machine) -> None:
    [found] = prepare(DEPENDENT).plan()
    second, third = operation(found, "Second"), operation(found, "Third")
    assert (second.status, second.depends_on) == (Status.DEPENDS, ("First",))
    assert (third.status, third.depends_on) == (Status.DEPENDS, ("Second",))


def test_what_depends_on_nothing_that_changes_is_judged_at_once(prepare: Prepare, machine: Machine) -> None:
    machine.state["@fake/a", "one"] = "yes"
    [found] = prepare(DEPENDENT).plan()
    assert operation(found, "Second").status is Status.WOULD_CHANGE
    assert operation(found, "Third").status is Status.DEPENDS


def test_what_was_postponed_is_judged_when_its_turn_comes(prepare: Prepare, machine: Machine) -> None:
    machine.state["@fake/a", "two"] = "yes"
    run = prepare(DEPENDENT)
    run.plan()
    [done] = run.apply()
    assert [each.status for each in done.operations] == [Status.CHANGED, Status.UNCHANGED, Status.CHANGED]


def test_an_operation_that_was_supposed_to_act_says_no_reason_while_it_waits(
    prepare: Prepare, machine: Machine
) -> None:
    [found] = prepare(DEPENDENT).plan()
    assert operation(found, "Second").why == ()


def test_what_waits_for_a_failure_is_not_judged(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        @operation()
        def refused():
            refuse(host, "no")
            yield "make it"

        with after(refused(name="Refused")):
            have(name="Second", what="two")
    """
    [found] = prepare(deploy).plan()
    assert [each.status for each in found.operations] == [Status.FAILED, Status.DEPENDS]

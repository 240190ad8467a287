"""Plans and applies on fake hosts: what is found, what is done, what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from paramiko import ECDSAKey

from rigwright.engine.ledger import ledger_of
from rigwright.engine.results import OperationResult, Outcome, Status, Watcher
from rigwright.engine.run import Run
from rigwright.engine.way_in import WayIn
from tests.unit.engine.conftest import Machine, operation

Prepare = Callable[..., Run]
PAIR = """
    @deploy("base")
    def base():
        have(name="First", what="one")
        have(name="Second", what="two")

    base()
"""


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


def test_an_idle_apply_reads_each_fact_once_and_runs_nothing(prepare: Prepare, machine: Machine) -> None:
    machine.state |= {("@fake/a", "one"): "yes", ("@fake/a", "two"): "yes"}
    run = prepare(PAIR + "    have(name='First again', what='one')\n")
    run.plan()
    run.apply()
    assert machine.ran("@fake/a") == ["read one", "read two"]


def test_facts_are_read_anew_after_a_command(prepare: Prepare, machine: Machine) -> None:
    machine.state["@fake/a", "two"] = "yes"
    run = prepare(PAIR)
    run.plan()
    run.apply()
    assert machine.ran("@fake/a") == ["read one", "read two", "make one", "read two"]


def test_facts_are_read_anew_after_a_callback(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        @operation()
        def call():
            yield FunctionCommand(lambda: None, (), {})

        have(name="First", what="one")
        call(name="Call")
        have(name="Second", what="one")
    """
    machine.state["@fake/a", "one"] = "yes"
    run = prepare(deploy)
    run.plan()
    run.apply()
    assert machine.ran("@fake/a") == ["read one", "read one"]


def test_whoever_changes_a_facts_data_does_not_change_it_for_others(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        host.get_fact(Read, what="one").append("mine")
        assert host.get_fact(Read, what="one") == ["no"]
    """
    [found] = prepare(deploy).plan()
    assert (found.outcome, found.error) == (Outcome.AS_DECLARED, None)


def test_facts_of_another_user_are_other_facts(prepare: Prepare, machine: Machine) -> None:
    prepare("""
        host.get_fact(Read, what="one")
        host.get_fact(Read, what="one", _sudo_user="nobody")
        host.get_fact(Read, what="one")
    """).plan()
    assert len(machine.ran("@fake/a", "read one")) == 2


def test_forget_reads_everything_anew(prepare: Prepare, machine: Machine) -> None:
    run = prepare(PAIR)
    run.plan()
    machine.state |= {("@fake/a", "one"): "yes", ("@fake/a", "two"): "yes"}
    run.forget()
    [done] = run.apply()
    assert (done.outcome, machine.ran("@fake/a", "make")) == (Outcome.AS_DECLARED, [])


DEPENDENT = """
    first = have(name="First", what="one")
    with after(first, None):
        second = have(name="Second", what="two")
    with after(second):
        have(name="Third", what="three")
"""


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


FAILURES = {
    "refused": ('refuse(host, "it would lock you out")', "it would lock you out"),
    "a parser's error": ("host.get_fact(Broken)", "could not understand builtins.Broken: KeyError: 'x' (deploy.py:"),
    "a fact's command": ("host.get_fact(Read, what='bad')", "could not read builtins.Read: E: no such file"),
    "an operation's error": ("raise ValueError('odd')", "ValueError: odd (deploy.py:"),
}
FAILING = """
    class Broken(FactBase):
        command = "read broken"
        def process(self, output):
            raise KeyError("x")

    @operation()
    def trouble():
        if host.name == "@fake/b":
            {trouble}
        yield "make trouble"

    have(name="First", what="one")
    with after({earlier}):
        trouble(name="Trouble")
    have(name="Last", what="last")
"""


@pytest.mark.parametrize("kind", FAILURES)
def test_trouble_seen_in_the_plan_leaves_its_host_alone_and_the_others_going(
    prepare: Prepare, machine: Machine, kind: str
) -> None:
    machine.answers["read bad"] = lambda host: (False, [], ["E: no such file"])
    trouble, text = FAILURES[kind]
    run = prepare(FAILING.format(trouble=trouble, earlier="None"), "a b")
    run.plan()
    good, bad = run.apply()
    assert good.outcome is Outcome.CHANGED
    failed = operation(bad, "Trouble")
    assert (bad.outcome, failed.status) == (Outcome.FAILED, Status.FAILED)
    assert failed.error is not None
    assert failed.error.startswith(text)
    assert machine.ran("@fake/b", "make") == []


@pytest.mark.parametrize("kind", FAILURES)
def test_trouble_seen_on_the_way_ends_its_host_alone(prepare: Prepare, machine: Machine, kind: str) -> None:
    machine.answers["read bad"] = lambda host: (False, [], ["E: no such file"])
    trouble, text = FAILURES[kind]
    run = prepare(FAILING.format(trouble=trouble, earlier="first").replace("have(name", "first = have(name", 1), "a b")
    run.plan()
    good, bad = run.apply()
    assert good.outcome is Outcome.CHANGED
    assert [each.status for each in bad.operations] == [Status.CHANGED, Status.FAILED, Status.NOT_REACHED]
    assert str(operation(bad, "Trouble").error).startswith(text)
    assert machine.ran("@fake/b", "make") == ["make one"]


def test_a_failed_command_says_what_it_said(prepare: Prepare, machine: Machine) -> None:
    machine.answers["make one"] = lambda host: (False, ["Reading lists"], ["W: old", "E: Unable to locate package x"])
    run = prepare(PAIR)
    run.plan()
    [done] = run.apply()
    assert operation(done, "base | First").error == "W: old\nE: Unable to locate package x"
    assert operation(done, "base | Second").status is Status.NOT_REACHED


def test_an_error_outside_of_operations_fails_the_host_as_a_whole(prepare: Prepare, machine: Machine) -> None:
    good, bad = prepare(
        "if host.name == '@fake/b': raise ValueError('odd')\nhave(name='First', what='one')", "a b"
    ).plan()
    assert good.outcome is Outcome.PENDING
    assert bad.outcome is Outcome.FAILED
    assert str(bad.error).startswith("ValueError: odd (deploy.py:")


def test_a_callbacks_error_is_told(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        def broken():
            raise ValueError("odd")

        @operation()
        def call():
            yield FunctionCommand(broken, (), {})

        call(name="Call")
    """
    run = prepare(deploy)
    run.plan()
    [done] = run.apply()
    assert str(operation(done, "Call").error).startswith("ValueError: odd (deploy.py:")


class Stopping(Watcher):
    """Asks the run to stop as soon as a given operation begins."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.run: Any = None
        self.seen: list[tuple[str, Status]] = []

    def started(self, host: str, title: str) -> None:
        if title == self.title:
            self.run._stop = True

    def finished(self, host: str, result: OperationResult) -> None:
        self.seen.append((result.title, result.status))


def test_a_stop_comes_between_commands_and_says_what_was_done(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        @operation()
        def long():
            host.get_fact(Read, what="x")
            yield "make one"
            yield "make two"

        have(name="First", what="first")
        long(name="Long")
        have(name="Last", what="last")
    """
    watcher = Stopping("Long")
    run = prepare(deploy, watcher=watcher)
    machine.answers["make one"] = lambda host: (setattr(run, "_stop", True), (True, [], []))[1]
    watcher.title, watcher.run = "", run
    run.plan()
    [done] = run.apply()
    assert done.outcome is Outcome.INTERRUPTED
    assert [each.status for each in done.operations] == [Status.CHANGED, Status.INTERRUPTED, Status.NOT_REACHED]
    assert machine.ran("@fake/a", "make") == ["make first", "make one"]
    assert watcher.seen == [("First", Status.CHANGED), ("Long", Status.INTERRUPTED)]


def test_a_stop_before_an_operations_first_command_leaves_it_undone(prepare: Prepare, machine: Machine) -> None:
    watcher = Stopping("base | Second")
    run = watcher.run = prepare(PAIR, watcher=watcher)
    run.plan()
    [done] = run.apply()
    assert [each.status for each in done.operations] == [Status.CHANGED, Status.NOT_REACHED]


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


CHAIN = """
    @operation()
    def chained(first, second):
        if host.get_fact(Read, what=first) == ["no"] or host.get_fact(Read, what=second) == ["no"]:
            yield f"make {first}"

    metas = [have(name=f"Have {number}", what=f"thing{number}") for number in range(20)]
    with after(*metas):
        chained(name="Chained", first="thing0", second="last")
        with after(have(name="Late", what="late")):
            have(name="Latest", what="latest")
"""


def test_where_nothing_is_to_do_everything_is_read_in_a_few_commands(prepare: Prepare, machine: Machine) -> None:
    machine.state |= {
        ("@fake/a", what): "yes" for what in ("last", "late", "latest", *(f"thing{n}" for n in range(20)))
    }
    [found] = prepare(CHAIN).plan()
    assert (found.outcome, len(found.operations)) == (Outcome.AS_DECLARED, 23)
    assert len(machine.ran("@fake/a", "read")) == 23
    assert len(machine.batches) == 2


def test_one_by_one_where_a_script_is_not_answered(prepare: Prepare, machine: Machine) -> None:
    machine.reads_scripts = False
    machine.state |= {
        ("@fake/a", what): "yes" for what in ("last", "late", "latest", *(f"thing{n}" for n in range(20)))
    }
    [found] = prepare(CHAIN).plan()
    assert (found.outcome, len(machine.ran("@fake/a", "read"))) == (Outcome.AS_DECLARED, 23)


def test_facts_that_are_only_supposed_to_be_wanted_fail_nobody(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        class Tool(FactBase):
            command = "tool --version"
            def process(self, output):
                raise ValueError(output)

        @operation()
        def configure(fails):
            host.get_fact(Read, what="bad") if fails else host.get_fact(Tool)
            yield "make configuration"

        installed = have(name="Install", what="tool")
        with after(installed):
            configure(name="Configure", fails=True)
            configure(name="Configure again", fails=False)
    """
    machine.answers["read bad"] = lambda host: (False, [], ["E: no such tool"])
    machine.answers["tool --version"] = lambda host: (True, ["odd"], [])
    [found] = prepare(deploy).plan()
    assert [each.status for each in found.operations] == [Status.WOULD_CHANGE, Status.DEPENDS, Status.DEPENDS]
    assert found.outcome is Outcome.PENDING


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


def test_after_a_change_what_follows_is_read_again_in_a_few_commands(prepare: Prepare, machine: Machine) -> None:
    deploy = """
        for number in host.loop(range(20)):
            have(name=f"Have {number}", what=f"thing{number}")
    """
    machine.state |= {("@fake/a", f"thing{number}"): "yes" for number in range(20)}
    del machine.state["@fake/a", "thing3"]
    run = prepare(deploy)
    run.plan()
    machine.batches.clear()
    [done] = run.apply()
    assert [each.name for each in done.with_status(Status.CHANGED)] == ["Have 3"]
    assert len(done.with_status(Status.UNCHANGED)) == 19
    assert len(machine.batches) == 1

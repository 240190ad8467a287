"""Trouble, and being told to stop: whom it concerns, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.engine.results import OperationResult, Outcome, Status, Watcher
from tests.unit.engine.conftest import Machine, operation
from tests.unit.engine.deploys import PAIR, Prepare

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

"""Facts for whoever only wants to know: many in one command, in the order in which they were asked for."""

from __future__ import annotations

import pytest

from rigwright.engine.run import Unanswered

from rigwright.engine.together import together  # isort: skip
from pyinfra.api import FactBase

from tests.unit.engine.conftest import Machine
from tests.unit.engine.deploys import Prepare


class Read(FactBase[list[str]]):
    def command(self, what: str) -> str:
        return f"read {what}"

    def process(self, output: list[str]) -> list[str]:
        return list(output)


class Picky(Read):
    def process(self, output: list[str]) -> list[str]:
        raise ValueError("cannot make sense of it")


def test_many_facts_are_one_command(prepare: Prepare, machine: Machine) -> None:
    machine.state[("@fake/a", "two")] = "yes"
    run = prepare("")
    wishes = [(Read, {"what": "one"}), (Read, {"what": "two"}), (Read, {"what": "one"})]
    assert run.ask(lambda host: together(host, wishes)) == {"@fake/a": [["no"], ["yes"], ["no"]]}
    assert machine.batches == ["@fake/a"]
    assert machine.ran("@fake/a", "read") == ["read one", "read two"]
    run.ask(lambda host: together(host, wishes))
    assert machine.batches == ["@fake/a"], "what is known is not read again"


def test_what_cannot_be_understood_is_no_answer(prepare: Prepare, machine: Machine) -> None:
    run = prepare("")
    (answer,) = run.ask(lambda host: together(host, [(Picky, {"what": "one"})])).values()
    assert isinstance(answer, Unanswered) and "cannot make sense of it" in answer.why


@pytest.mark.parametrize("reads_scripts", [True, False])
def test_a_host_that_takes_no_script_is_asked_one_by_one(
    prepare: Prepare, machine: Machine, reads_scripts: bool
) -> None:
    machine.reads_scripts = reads_scripts
    run = prepare("")
    assert run.ask(lambda host: together(host, [(Read, {"what": "one"})])) == {"@fake/a": [["no"]]}

"""What the engine reads of a host: each fact once, many in one command, anew after a change."""

from __future__ import annotations

from rigwright.engine.results import Outcome, Status
from tests.unit.engine.conftest import Machine
from tests.unit.engine.deploys import PAIR, Prepare


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

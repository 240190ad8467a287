"""An operation that has run, and says that the host is still not as declared."""

from __future__ import annotations

from collections.abc import Callable

from rigwright.engine.results import Outcome, Status
from rigwright.engine.run import Run
from tests.unit.engine.conftest import Machine, operation

DEPLOY = """
    from rigwright.engine.reasons import outstanding

    @operation()
    def load():
        if host.get_fact(Read, what="module") == ["yes"]:
            host.noop("it is loaded")
            return
        because("the module is not loaded")
        yield "try module"
        if host.get_fact(Read, what="module") != ["yes"]:
            outstanding("the kernel does not take the module")

    load(name="Load")
    have(name="Have it", what="thing")
"""


def test_what_was_tried_in_vain_is_outstanding_and_keeps_nothing_else_from_being_done(
    prepare: Callable[..., Run], machine: Machine
) -> None:
    run = prepare(DEPLOY)
    [found] = run.plan()
    assert (operation(found, "Load").status, operation(found, "Load").remarks) == (Status.WOULD_CHANGE, ())
    [done] = run.apply()
    load = operation(done, "Load")
    assert (load.status, load.remarks) == (Status.OUTSTANDING, ("the kernel does not take the module",))
    assert operation(done, "Have it").status is Status.CHANGED
    assert done.outcome is Outcome.PENDING

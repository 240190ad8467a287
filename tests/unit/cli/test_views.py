"""What people see on a terminal: lines that move, tables, and the question before an apply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import click
import pytest
from rich.console import Console

from cli import apply, console, exit_codes, plan_view, proof_view
from cli.main import run
from cli.progress import STOPPING, Live
from rigwright.engine.proof import Answer, Proof, Verdict
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status
from rigwright.spec.load import Declarations

UNTOUCHED = OperationResult("base", "Set the clock", Status.UNCHANGED)
PLANNED = OperationResult("base", "Install packages", Status.WOULD_CHANGE, why=("tree: absent, wanted",))
WAITING = OperationResult("driver", "Install the driver", Status.DEPENDS, depends_on=("base | Install packages",))
MANY = OperationResult(
    "driver", "Build it", Status.DEPENDS, depends_on=("base | a", "base | b", "base | c", "access | d")
)
BROKEN = OperationResult("driver", "Hold it", Status.FAILED, error="apt is locked [by 7]\nby whom?", seconds=1.25)
DONE = OperationResult("base", "Install packages", Status.CHANGED, seconds=12.34)
REMARKED = OperationResult("driver", "Reboot", Status.OUTSTANDING, remarks=("a reboot is needed, and not allowed",))


def terminal(width: int = 100) -> Console:
    return Console(file=StringIO(), force_terminal=True, width=width, highlight=False, emoji=False, markup=False)


def said(screen: Console) -> str:
    """What stands on it, without colours."""
    assert isinstance(screen.file, StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.file.getvalue())


def lines(screen: Console) -> list[str]:
    """Its lines, spaces drawn together."""
    return [" ".join(line.split()) for line in re.split(r"[\r\n]+", said(screen)) if line.strip()]


# How a run goes on


def test_live_lines_follow_each_host() -> None:
    screen = terminal()
    live = Live(screen)
    with live.shown():
        live.connecting(["basement", "attic"])
        live.connected("basement", "answers on port 2222, as declared in access.ssh.port")
        live.looking("basement", "base | Install packages")
        assert [task.description for task in live._progress.tasks] == ["base | Install packages", "connecting"]
        live.looked(HostResult("attic", Outcome.UNREACHABLE, error="no route [to host]"))
        assert [task.visible for task in live._progress.tasks] == [True, False]
        live.started("basement", "base | Install packages")
        live.finished("basement", DONE)
        live.finished("basement", UNTOUCHED)
        live.finished("basement", BROKEN)
        live.stopping()
    stays = lines(screen)
    for line in (
        "basement answers on port 2222, as declared in access.ssh.port",
        "✓ basement base | Install packages 12.3 s",
        "✗ basement driver | Hold it 1.2 s",
        "apt is locked [by 7]",
        "by whom?",
        STOPPING,
    ):
        assert line in stays
    assert "Set the clock" not in said(screen), "what was found as declared leaves no line"


def test_a_line_that_went_comes_back_when_something_is_done() -> None:
    live = Live(terminal())
    live.connecting(["basement"])
    live.looked(HostResult("basement", Outcome.PENDING, (PLANNED,)))
    (line,) = live._progress.tasks
    assert (line.visible, line.description) == (False, "1 would change")
    live.started("basement", PLANNED.title)
    assert (line.visible, line.description) == (True, "base | Install packages")


# The plan, and the outcome of an apply


def test_the_plans_table() -> None:
    screen = terminal()
    operations = (UNTOUCHED, PLANNED, WAITING, MANY, BROKEN, REMARKED)
    plan_view.show(screen, [HostResult("basement", Outcome.PENDING, operations)])
    assert lines(screen) == [
        "basement",
        "layer operation why",
        "~ base Install packages tree: absent, wanted",
        "? driver Install the driver depends on base | Install packages",
        "? Build it depends on 3 steps of base, 1 step of access",
        "✗ Hold it apt is locked [by 7]",
        "by whom?",
        "! Reboot a reboot is needed, and not allowed",
        "1 would change, 2 depends on earlier, 1 outstanding, 1 failed, 1 unchanged",
    ]


def test_hosts_stand_apart_and_what_is_as_declared_needs_no_table() -> None:
    screen = terminal()
    fine = HostResult("attic", Outcome.AS_DECLARED, (UNTOUCHED,))
    lost = HostResult("shed", Outcome.UNREACHABLE, error="no route")
    plan_view.show(screen, [fine, lost])
    assert said(screen) == ("attic\nas declared (1 operation, nothing to do)\n\nshed\ncould not reach: no route\n")


def test_long_reasons_are_folded_and_not_cut() -> None:
    screen = terminal(60)
    why = " ".join(f"word{number}" for number in range(40))
    operation = OperationResult("base", "Install packages", Status.WOULD_CHANGE, why=(why,))
    plan_view.show(screen, [HostResult("basement", Outcome.PENDING, (operation,))])
    assert max(map(len, said(screen).splitlines())) <= 60
    assert all(f"word{number}" in said(screen) for number in range(40))


# The proof


def answer(layer: str, title: str, verdict: Verdict, message: str | None = None) -> Answer:
    return Answer(layer, "test_x", title, (), verdict, message, 0.1)


NAME = answer("base", "The host has its name", Verdict.HOLDS)
CLOCK = answer("base", "Something keeps the clock", Verdict.COULD_NOT_TELL, "a container has [no] clock")
DOORS = answer("access", "Exactly the declared ports are open", Verdict.FALLS_SHORT, "port tcp 4444 is open")


def test_the_proofs_table_shows_what_does_not_hold() -> None:
    screen = terminal()
    proof = Proof("basement", [NAME, CLOCK, DOORS], remark="answers on port 2222")
    proof_view.show(screen, [proof], everything=False)
    assert lines(screen) == [
        "basement",
        "base 1 holds, 1 could not be told",
        "? Something keeps the clock a container has [no] clock",
        "access 0 hold, 1 falls short",
        "✗ Exactly the declared ports are open port tcp 4444 is open",
        "basement answers on port 2222",
        "basement: 1 holds, 1 falls short, 1 could not be told",
    ]


def test_and_all_of_it_if_asked() -> None:
    screen = terminal()
    proof_view.show(screen, [Proof("basement", [NAME, CLOCK])], everything=True)
    assert "✓ The host has its name" in lines(screen)


def test_a_host_that_was_not_reached_has_its_error_and_no_count() -> None:
    screen = terminal()
    proof_view.show(screen, [Proof("basement", error="no connection", reached=False)], everything=False)
    assert lines(screen) == ["basement", "basement: no connection"]


def test_a_bar_a_host_while_the_proof_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal()
    monkeypatch.setattr(console, "out", lambda: screen)
    with proof_view.watched(False, ["basement", "attic"]) as answered:
        assert "connecting" in said(screen)
        answered(Proof("basement", [NAME, CLOCK], expected=9))
        answered(Proof("attic"))
    assert "base: Something keeps the clock" in said(screen)
    assert re.search(r"basement .* 2/9", said(screen))


@pytest.mark.parametrize(("as_json", "force"), [(True, True), (False, False)])
def test_no_bar_beside_a_document_or_in_a_pipe(as_json: bool, force: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=StringIO(), force_terminal=force)
    monkeypatch.setattr(console, "out", lambda: screen)
    with proof_view.watched(as_json, ["basement"]) as answered:
        answered(Proof("basement", [NAME], expected=1))
    assert said(screen) == ""


# The question before an apply


class Asked:
    """A run at a terminal, with somebody who answers; keeps what was asked and done."""

    def __init__(self, plan: Sequence[OperationResult], agrees: bool) -> None:
        self.outcome = Outcome.PENDING if plan else Outcome.AS_DECLARED
        self.operations = tuple(plan)
        self.agrees = agrees
        self.done: list[str] = []
        self.declared: Declarations | None = None

    def plan(self) -> list[HostResult]:
        self.done.append("plan")
        return [HostResult("basement", self.outcome, self.operations)]

    def forget(self) -> None:
        self.done.append("forget")

    def apply(self) -> list[HostResult]:
        self.done.append("apply")
        return [HostResult("basement", Outcome.CHANGED, (DONE,))]

    def close(self) -> None:
        self.done.append("close")

    def confirm(self, question: str) -> bool:
        self.done.append(question)
        return self.agrees

    def start(self, declared: Declarations, *rest: object) -> Asked:
        self.declared = declared
        return self


@pytest.fixture
def at_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Let `rig apply` run with this plan and this answer."""
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/home.py").write_text('home = [("basement", {"driver": {"branch": 580, "reboot": True}})]\n')
    (tmp_path / "deploy.py").write_text("")
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: str, plan: Sequence[OperationResult] = (PLANNED,), agrees: bool = True) -> tuple[int, Asked]:
        asked = Asked(plan, agrees)
        screen = terminal()
        monkeypatch.setattr(console, "out", lambda: screen)
        monkeypatch.setattr(apply.sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(apply, "start", asked.start)
        monkeypatch.setattr(click, "confirm", asked.confirm)
        return run(["apply", *arguments]), asked

    return ask


def test_declined_changes_nothing_and_leaves_them_pending(at_terminal) -> None:  # type: ignore[no-untyped-def]
    status, asked = at_terminal(agrees=False)
    assert asked.done == ["plan", "Make this 1 change on basement?", "close"]
    assert status == exit_codes.PENDING


def test_agreed_looks_again_before_it_acts(at_terminal) -> None:  # type: ignore[no-untyped-def]
    """Between question and answer somebody may have changed the host."""
    status, asked = at_terminal(plan=(PLANNED, WAITING, UNTOUCHED))
    assert asked.done == ["plan", "Make these 2 changes on basement?", "forget", "apply", "close"]
    assert status == exit_codes.HOLDS


def test_nothing_to_do_asks_nothing(at_terminal) -> None:  # type: ignore[no-untyped-def]
    status, asked = at_terminal(plan=())
    assert (status, asked.done) == (exit_codes.HOLDS, ["plan", "close"])


def test_yes_asks_nothing(at_terminal) -> None:  # type: ignore[no-untyped-def]
    _, asked = at_terminal("--yes", agrees=False)
    assert asked.done == ["plan", "apply", "close"]


@pytest.mark.parametrize(("arguments", "allowed"), [((), True), (("--no-reboot",), False)])
def test_no_reboot_is_stronger_than_the_declaration(at_terminal, arguments, allowed) -> None:  # type: ignore[no-untyped-def]
    _, asked = at_terminal("--yes", *arguments)
    assert asked.declared.rigs["basement"].driver.reboot is allowed

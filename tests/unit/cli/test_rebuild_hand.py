"""What a rebuild asks of a model and of a person, without a host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.progress import Silent
from cli.rebuild import hand
from cli.rebuild.hand import EngineHand, Given
from cli.rebuild.parts import Result, Stop, Told
from cli.rebuild.shown import Shown
from rigwright.chat import NoAnswer
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status
from rigwright.spec.load import Declarations
from rigwright.spec.rig import Rig

ROUTES = {
    "models": {"wanted": {"tiny": {"hub": "me/tiny"}}},
    "runtimes": {
        "services": {
            "llm": {"kind": "llama.cpp", "models": {"tiny": {}}},
            "page": {"kind": "custom", "image": "x/y:1", "port": 8091, "listens": 8090, "health": "/health"},
        }
    },
}
PENDING = HostResult("basement", Outcome.PENDING, (OperationResult("base", "x", Status.WOULD_CHANGE),))


def made(gateway: dict[str, Any] | None = None, yes: bool = True) -> EngineHand:
    rig = Rig.model_validate(
        {"name": "basement", "driver": {"branch": 580}, **ROUTES, **({"gateway": gateway} if gateway else {})}
    )
    declared = Declarations(Path(), {"basement": rig}, {}, {}, {})
    given = Given((), None, None, over_newer=False, yes=yes, as_json=True)
    return EngineHand(declared, given, Silent, Shown("basement", silent=True))


def test_without_a_gateway_nobody_is_asked() -> None:
    assert made().answered() == Told(Result.LEFT_OUT, "no gateway is declared")


def test_without_a_route_that_speaks_nobody_is_asked() -> None:
    told = made({"routes": {"page": {}}, "clients": {}}).answered()
    assert told.result is Result.LEFT_OUT and "no route speaks OpenAI's API" in told.said


def test_a_key_that_cannot_be_read_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_key(*given: Any) -> Any:
        raise click.ClickException("the file is not there")

    monkeypatch.setattr(hand, "door_to", no_key)
    with pytest.raises(Stop, match="the file is not there") as caught:
        made({"routes": {"llm": {}}, "clients": {}}).answered()
    assert caught.value.told.result is Result.FAILED


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Time that passes only while somebody waits."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(hand, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    yield now


def answers(monkeypatch: pytest.MonkeyPatch, after: float, pieces: list[str], clock: list[float]) -> Told:
    def stream(door: Any, model: str, question: str, tokens: int, wait_s: float, told: Any) -> Iterator[str]:
        if clock[0] < after:
            raise NoAnswer("502: nobody behind it")
        told.model, told.tokens, told.first_s, told.last_s = model, len(pieces), 0.25 if pieces else None, 1.25
        yield from pieces

    monkeypatch.setattr(hand, "stream", stream)
    door: Any = SimpleNamespace(url="https://basement/llm/v1")
    return hand._answer(door, "tiny")


def test_an_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    told = answers(monkeypatch, 30, ["Yes", "."], clock)
    assert told == Told(
        Result.DONE, "2 tokens from tiny at https://basement/llm/v1: 0.25 s to the first, then 1.0 tokens/s"
    )
    assert clock[0] == 30


def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    with pytest.raises(Stop, match="502: nobody behind it"):
        answers(monkeypatch, 1e9, [], clock)
    assert hand.PATIENCE_S < clock[0] < hand.PATIENCE_S + 10


def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    with pytest.raises(Stop, match="said nothing"):
        answers(monkeypatch, 0, [], clock)


@pytest.mark.parametrize(
    ("planned", "agrees", "said"),
    [
        (PENDING, True, None),
        (PENDING, False, "the answer was no"),
        (HostResult("basement", Outcome.AS_DECLARED), False, None),
        (HostResult("basement", Outcome.UNREACHABLE, error="no route"), True, "no route"),
        (HostResult("basement", Outcome.FAILED, error="no disk"), True, "no disk"),
    ],
)
def test_who_is_asked_sees_the_whole_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], planned: HostResult, agrees: bool,
    said: str | None,
) -> None:  # fmt: skip
    run = SimpleNamespace(plan=lambda: [planned], close=lambda: None)
    monkeypatch.setattr(hand, "start", lambda *given: run)
    monkeypatch.setattr(click, "confirm", lambda text: agrees)
    if said is None:
        made(yes=False).agreed()
    else:
        with pytest.raises(Stop, match=said):
            made(yes=False).agreed()
    assert "basement" in capsys.readouterr().out


def test_with_yes_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand, "start", lambda *given: pytest.fail("nothing is planned for nobody"))
    made(yes=True).agreed()

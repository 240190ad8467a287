"""An answer as it comes through the gateway, and what is said where none comes."""

from __future__ import annotations

import json

import pytest

from rigwright.chat import Door, NoAnswer, NotReached, Told, _pieces, _reason, stream


def event(**delta: object) -> str:
    return "data: " + json.dumps({"model": "m", "choices": [{"delta": delta}]})


def test_pieces_are_told_as_they_come() -> None:
    told = Told()
    usage = 'data: {"choices": [], "usage": {"completion_tokens": 9}}'
    lines = [
        ": a comment",
        "",
        event(role="assistant", content=None),
        event(reasoning_content="Hm. "),
        event(content="Hi"),
    ]
    assert list(_pieces(iter([*lines, usage, "data: [DONE]"]), told, 0.0)) == ["Hm. ", "Hi"]
    assert (told.tokens, told.model) == (9, "m")
    assert told.first_s is not None and told.first_s <= told.last_s


def test_without_usage_pieces_are_counted() -> None:
    told = Told()
    list(_pieces(iter([event(content="a"), event(content="b")]), told, 0.0))
    assert told.tokens == 2


def test_speed_is_of_what_came_after_the_first_token() -> None:
    assert Told(first_s=1.0, last_s=2.0, tokens=11).tokens_per_s == 10
    assert Told(first_s=1.0, last_s=1.0, tokens=1).tokens_per_s is None
    assert Told().tokens_per_s is None


def test_a_failure_in_mid_answer_is_one() -> None:
    with pytest.raises(NoAnswer, match="the model failed: out of memory"):
        list(_pieces(iter(['data: {"error": {"message": "out of memory"}}']), Told(), 0.0))


def test_nobody_there_is_said_without_the_key() -> None:
    door = Door("127.0.0.1", 9, "basement", "/llm", "sk-secret")
    with pytest.raises(NotReached, match=r"https://basement:9/llm/v1 \(at 127.0.0.1\)") as refused:
        list(stream(door, "m", "?", 1, 1, Told()))
    assert "sk-secret" not in str(refused.value) + repr(door)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"error": "no"}', "no"),
        (b"<html>", "<html>"),
        (b"", "it says no more"),
    ],
)
def test_reasons(body: bytes, said: str) -> None:
    assert _reason(body) == said

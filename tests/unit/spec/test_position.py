"""The line of every value of a file, and what stands for values that are computed."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from rigwright.spec.position import Position, Step, assignments


def line(text: str, *path: Step) -> int:
    """The line of a path into the name `home`."""
    position = assignments(ast.parse(dedent(text).lstrip("\n")))["home"]
    for step in path:
        position = position.child(step)
    return position.line


NESTED = """
home = [
    (
        "basement",
        {
            "driver": {
                "source": "nvidia",
                "branch": 580,
            },
            "base": dict(
                hostname="x",
                swap={"kind":
                    "none"},
            ),
        },
    ),
    "attic",
]
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), 1),
        ((0,), 2),
        ((0, 1), 4),
        ((0, 1, "driver"), 5),
        ((0, 1, "driver", "branch"), 7),
        ((0, 1, "base", "hostname"), 10),
        ((0, 1, "base", "swap", "kind"), 11),
        ((1,), 16),
    ],
)
def test_nested_literals(path: tuple[Step, ...], expected: int) -> None:
    assert line(NESTED, *path) == expected


def test_a_name_leads_to_where_its_value_was_written() -> None:
    text = """
    _driver = {
        "branch": 580,
    }
    home = [("basement", {"driver": _driver})]
    """
    assert line(text, 0, 1, "driver", "branch") == 2


def test_spread_and_joined_mappings_lead_to_the_last_one() -> None:
    text = """
    _common = {
        "a": 1,
        "b": 1,
    }
    home = {**_common,
        "b": 2} | {
        "c": 3}
    """
    assert [line(text, name) for name in "abc"] == [2, 6, 7]


def test_lists_that_grow_keep_their_places() -> None:
    text = """
    home = ["a"] + [
        "b"]
    home += [
        *["c"],
        "d"]
    """
    assert [line(text, index) for index in range(4)] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    "text", ["home = make(1)", "home = [x for x in y]", "from z import home", "for home in y: pass"]
)
def test_what_is_computed_stands_where_it_is_assigned(text: str) -> None:
    assert line(f"y = 1\n{text}", 0, 1, "driver") == 2


def test_a_step_that_is_not_there_stands_where_its_holder_does() -> None:
    assert Position(7).child("x").line == 7

"""rigd in one file, and the limits that hold after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rigd import pack
from rigd.budget import Draw
from rigd.config import Config, Entry, Match, Power
from rigd.hand_back import Answering, Silent, static_limits_w


def test_the_same_sources_are_the_same_bytes_and_run_alone(tmp_path: Path) -> None:
    program = tmp_path / "rigd.pyz"
    program.write_bytes(pack.build())
    assert pack.build() == program.read_bytes()
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, "--config", tmp_path / "none.json", "check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "none.json: cannot be read: No such file or directory" in done.stderr


def test_without_a_keeper_limits_hold_the_budget_whatever_the_cards_do() -> None:
    entry = Entry(Match(), power=Power(350, draws={"main": Draw()}))
    config = Config(cards=(entry,), supplies_w={"main": 900})
    limits = static_limits_w(config, [Answering(str(number), entry, 100, 400, 350) for number in range(4)])
    assert limits == {str(number): 225 for number in range(4)}
    alone = static_limits_w(config, [Answering("0", entry, 100, 300, 300)])
    assert alone == {"0": 300}, "never over what the card takes"


@pytest.mark.parametrize("least", [150, None])
def test_a_limit_below_the_declared_least_is_given_to_nobody(least: int | None) -> None:
    entry = Entry(Match(), power=Power(350, least, draws={"main": Draw()}))
    limits = static_limits_w(
        Config(cards=(entry,), supplies_w={"main": 200}),
        [Answering("a", entry, 100, 400, 350), Answering("b", entry, 100, 400, 350)],
    )
    assert limits["a"] == (least or 100)


def test_a_card_that_does_not_answer_keeps_its_share_and_a_default_is_a_limit_too() -> None:
    entry = Entry(Match(), power=Power(draws={"main": Draw()}))
    config = Config(cards=(entry,), supplies_w={"main": 600})
    alone = static_limits_w(config, [Answering("a", entry, 100, 400, 350)])
    beside = static_limits_w(config, [Answering("a", entry, 100, 400, 350)], [Silent(entry, 350)])
    assert (alone, beside) == ({"a": 350}, {"a": 250})

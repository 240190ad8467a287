"""`rig simulate`: what it is asked, and what a run comes to in figures. Real runs: tests/system/test_simulate.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from cli.simulate import _scene
from cli.simulate.charts import draw, terminal
from cli.simulate.run import Fault, Record, Scene
from cli.simulate.summary import reversals, summarize
from rigd.config import parse
from rigwright.spec.rig import Rig
from sim.gpu.cards import Truth
from sim.gpu.models import card
from tests.unit.rules.case import card as declared
from tests.unit.rules.case import machine

RIG = Rig.model_validate({"name": "x", "driver": {"branch": 580}, **machine(declared("PCIE1"), declared("PCIE5"))})
POWER_CAP, HW_THERMAL = 0x4, 0x40
STILL = Truth(
    now_s=0, die_c=40, memory_c=45, sink_c=38, air_c=25, power_w=100, limit_w=280, clock_mhz=1000,
    clock_wanted_mhz=1000, lock_most_mhz=0, energy_j=0, work_done_s=0, work_asked_s=0, slowdown_s=0,
    fan_percent=(50.0, 50.0), fan_rpm=(1500, 1500), fan_manual=(True, True), shut_down=False, lost=False, reasons=0,
)  # fmt: skip


def scene(loads: tuple[str, ...] = (), faults: tuple[str, ...] = (), hours: float = 1.0) -> Scene:
    return _scene(RIG, loads, 30.0, hours, faults, 7)


def test_loads_are_of_all_cards_or_of_one() -> None:
    assert scene().loads == ["training", "training"]
    assert scene(("decode",)).loads == ["decode", "decode"]
    assert scene(("decode", "PCIE5:idle")).loads == ["decode", "idle"]
    assert scene(("0:burst",)).loads == ["burst", "training"]


def test_faults_have_a_card_and_a_time() -> None:
    assert scene(faults=("fan-stuck",)).faults == [Fault("fan-stuck", 0, 600)]
    assert scene(faults=("lost:PCIE5@2.5", "mismatch")).faults == [Fault("lost", 1, 150), Fault("mismatch", None, 600)]
    assert scene(faults=("hang:1",), hours=0.25).faults == [Fault("hang", 1, 300)], "a third of a short run"


@pytest.mark.parametrize(
    ("loads", "faults", "said"),
    [
        (("gaming",), (), "'gaming': expected one of idle"),
        (("PCIE7:idle",), (), "expected a card of x: PCIE1, PCIE5, or 0 to 1"),
        ((), ("fire:0",), "expected KIND, KIND:CARD or KIND:CARD@MINUTES"),
        ((), ("lost:2",), "expected a card of x"),
        ((), ("lost:1@60",), "the run ends after 60 minutes"),
    ],
)
def test_what_cannot_be_asked_is_said(loads: tuple[str, ...], faults: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.BadParameter, match=said):
        scene(loads, faults)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"rigd": {"state": "absent"}}, "nothing keeps the cards"), ({"hardware": {"gpus": []}}, "no card to simulate")],
)
def test_without_cards_or_a_keeper_there_is_nothing_to_simulate(change: dict[str, Any], said: str) -> None:
    rig = Rig.model_validate({**RIG.model_dump(), **change})
    with pytest.raises(click.ClickException, match=said):
        _scene(rig, (), 25.0, 1.0, (), 0)


def record(*changes: dict[str, Any]) -> Record:
    """One card, a tick a second; each mapping is how it was otherwise than at rest."""
    config = parse(
        {
            "version": 1,
            "supplies": {"main": {"budget_w": 300}},
            "cards": [{"match": {"any": True}, "power": {"limit_w": 280, "draws": {"main": {"share": 1.0}}}}],
        }
    )
    truths = [[replace(STILL, now_s=float(second), **change)] for second, change in enumerate(changes)]
    times = [float(second) for second in range(len(changes))]
    loads = {"main": [each[0].limit_w for each in truths]}
    drawn = {"main": [each[0].power_w for each in truths]}
    return Record(
        [card("rtx3090")], ["PCIE1"], Scene(["training"], seconds=len(changes)), config, times, truths, loads, drawn
    )


def test_figures_are_of_the_whole_run() -> None:
    summary = summarize(
        record(
            {},
            {"die_c": 71.3, "memory_c": 88.0, "energy_j": 300.0, "reasons": POWER_CAP},
            {"die_c": 66, "energy_j": 600.0, "reasons": HW_THERMAL, "fan_percent": (100.0, 100.0)},
            {"energy_j": 900.0, "work_asked_s": 4.0, "work_done_s": 3.0, "reasons": HW_THERMAL | POWER_CAP},
        )
    )
    (figures,) = summary.cards
    assert (figures.hottest_c, figures.hottest_memory_c, figures.slowdown_c) == (71.3, 88.0, 95)
    assert (figures.thermal_percent, figures.power_cap_percent) == (50.0, 50.0)
    assert (figures.mean_power_w, figures.work_percent) == (300.0, 75.0)
    assert (figures.mean_fan_percent, figures.most_fan_percent) == (62.5, 100.0)
    assert summary.sound


def test_what_is_not_sound() -> None:
    assert not summarize(record(*[{}] * 5, {"slowdown_s": 1.0})).sound
    late = summarize(record(*[{}] * 5, {"limit_w": 310.0}))
    assert not late.sound and late.supplies[0].margin_w == -10
    assert summarize(record({"limit_w": 350.0}, *[{}] * 5)).sound, "before rigd has set anything"
    assert summarize(record(*[{}] * 5, {"power_w": 310.0})).supplies[0].drawn_margin_w == -10


def test_noise_is_to_one_fan_at_full_speed() -> None:
    assert summarize(record(*[{"fan_percent": (100.0, 0.0)}] * 3)).cards[0].noise_db == 0
    assert summarize(record(*[{"fan_percent": (50.0, 0.0)}] * 3)).cards[0].noise_db == -15.1, "50 dB a factor of ten"
    assert summarize(record(*[{"fan_percent": (1e-300, 0.0)}] * 3)).cards[0].noise_db is None, "they stand"
    assert summarize(record(*[{"fan_percent": ()}] * 3)).cards[0].mean_fan_percent is None, "there are none"


def test_reversals_are_counted_as_they_are_meant() -> None:
    assert reversals([50, 51, 50, 52]) == 0
    assert reversals([50, 60, 50, 60, 50]) == 3
    assert reversals([]) == 0


def test_it_is_drawn_in_both_ways_and_as_text(tmp_path: Path) -> None:
    run = record(*[{"die_c": 40.0 + second} for second in range(50)])
    for name, begin in (("a.svg", b"<?xml"), ("b.png", b"\x89PNG")):
        draw(run, tmp_path / name, "title")
        assert (tmp_path / name).read_bytes().startswith(begin)
    assert "slowdown 95" in (tmp_path / "a.svg").read_text()
    text = terminal(run, 80, colour=False)
    assert "core, °C" in text and "89.0" in text and "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80

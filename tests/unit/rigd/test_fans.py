"""Fans: rise at once, fall slowly, never hunt, and never less than they need."""

from __future__ import annotations

import pytest

from rigd.config import Fans
from rigd.curve import Band, percent_at
from rigd.fans import AUTOMATIC, REST_S, FanPlan, same_speed

CURVE = ((40.0, 30.0), (70.0, 60.0), (83.0, 100.0))


def plan(**changes: object) -> FanPlan:
    return FanPlan(Fans(curve=CURVE, **changes), 2, 30)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("celsius", "percent"), [(20, 30), (40, 30), (55, 45), (70, 60), (76.5, 80), (83, 100), (99, 100)]
)
def test_a_curve_is_linear_between_its_points_and_flat_outside(celsius: float, percent: float) -> None:
    assert percent_at(CURVE, celsius) == percent


def test_a_band_follows_up_at_once_and_down_late() -> None:
    band = Band(3)
    assert [band.follow(c) for c in (50, 55, 54, 52, 51, 50, 60)] == [50, 55, 55, 55, 54, 53, 60]


def test_a_rise_is_at_once_and_a_fall_slow() -> None:
    fans = plan(fall_percent_per_s=2, hysteresis_c=0)
    assert fans.wanted(50, None, 0) == [40, 40]
    assert fans.wanted(83, None, 1) == [100, 100]
    assert fans.wanted(50, None, 1) == [98, 98]
    assert fans.wanted(50, None, 100) == [40, 40]


def test_the_hotter_of_core_and_memory_wins() -> None:
    fans = plan(memory_curve=((80.0, 30.0), (100.0, 100.0)))
    assert fans.wanted(40, 95, 1)[0] == 82
    assert fans.wanted(83, 80, 1)[0] == 100
    assert plan().wanted(40, 95, 1)[0] == 30, "without a curve of its own the memory counts for nothing"


def test_a_fan_may_have_a_curve_of_its_own() -> None:
    assert plan(per_fan={1: ((40.0, 50.0), (80.0, 100.0))}).wanted(40, None, 1) == [30, 50]


def test_never_below_the_least_of_card_and_declaration() -> None:
    assert FanPlan(Fans(curve=((20.0, 10.0), (83.0, 100.0))), 1, 35).wanted(20, None, 1) == [35]
    assert plan(least_percent=45).wanted(20, None, 1) == [45, 45]


def test_what_cannot_be_believed_is_too_hot() -> None:
    fans = plan(automatic_below_c=45)
    fans.wanted(30, None, 1)
    assert fans.wanted(None, None, 1) == [100, 100]
    assert min(fans.wanted(30, None, 1)) > 90, "and falls slowly afterwards"


def test_fans_rest_below_their_threshold_and_not_with_every_burst() -> None:
    fans = plan(automatic_below_c=45, hysteresis_c=3, fall_percent_per_s=100)
    assert fans.wanted(40, None, 1) == [AUTOMATIC, AUTOMATIC]
    assert fans.wanted(46, None, 1) == [36, 36]
    assert AUTOMATIC not in fans.wanted(43, None, 10 * REST_S), "within the band"
    for _ in range(int(REST_S) - 1):
        assert AUTOMATIC not in fans.wanted(41, None, 1)
    assert fans.wanted(41, None, 1) == [AUTOMATIC, AUTOMATIC]


def test_hot_memory_keeps_fans_from_resting() -> None:
    fans = plan(automatic_below_c=45, memory_curve=((80.0, 30.0), (100.0, 100.0)))
    assert fans.wanted(40, 85, 1) != [AUTOMATIC, AUTOMATIC]


def test_a_fan_that_stalls_gets_more_until_no_speed_helps() -> None:
    fans = plan()
    assert fans.stands(1, 30)
    assert fans.wanted(20, None, 1) == [30, 35]
    assert not fans.stands(1, 60)


def test_two_speeds_are_one_where_the_card_rounds() -> None:
    assert same_speed(60, 59) and same_speed(-1, -1)
    assert not same_speed(60, 55) and not same_speed(-1, 0)

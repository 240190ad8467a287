"""Which temperatures are believed, and when fans are found not to cool."""

from __future__ import annotations

import pytest

from rigd.cooling import Cooling
from rigd.judgement import Judge
from rigd.retry import Retry


@pytest.mark.parametrize(
    ("celsius", "said"), [(None, "cannot be read"), (65535, "65535"), (0, "0 °C"), (-3, "-3"), (126, "126")]
)
def test_what_is_missing_or_absurd_is_not_believed(celsius: int | None, said: str) -> None:
    assert said in str(Judge().wrong_with(0, celsius, 100))


def test_a_card_may_heat_up_fast_but_not_jump() -> None:
    judge = Judge()
    assert judge.wrong_with(0, 40, 20) is None
    assert judge.wrong_with(1, 65, 350) is None
    assert judge.wrong_with(2, 115, 350) == "the temperature jumped from 65 to 115 °C"
    assert judge.wrong_with(3, 66, 350) is None


def test_a_jump_that_stays_is_the_truth() -> None:
    judge = Judge()
    judge.wrong_with(0, 40, 20)
    answers = [judge.wrong_with(second, 95, 350) for second in range(1, 9)]
    assert answers[0] is not None and answers[-1] is None


def course(power_w: list[float], celsius: list[int]) -> list[str | None]:
    judge = Judge()
    return [judge.wrong_with(second, c, w) for second, (w, c) in enumerate(zip(power_w, celsius, strict=True))]


def test_a_temperature_that_stands_while_power_moves_is_stuck() -> None:
    power = [20.0] * 30 + [350.0] * 100
    assert "stands at 38 °C" in str(course(power, [38] * 130)[-1])
    assert course([300.0] * 130, [70] * 130)[-1] is None, "steady load, steady temperature"
    assert course(power, [38] * 30 + [38 + second // 3 for second in range(100)])[-1] is None


def test_brief_dips_of_power_are_no_reason_for_a_temperature_to_move() -> None:
    power = [350.0 if second % 5 else 300.0 for second in range(300)]
    assert course(power, [70] * 300)[-1] is None


def test_fans_at_full_speed_that_do_not_cool_cost_power_step_by_step() -> None:
    cooling = Cooling()
    shares = []
    for second in range(60):
        cooling.follow(second, 86 + second // 10, 95, full=True, stalled=0)
        shares.append(cooling.share)
    assert shares[19] == 1.0 and shares[21] == 0.9
    assert shares[40] == pytest.approx(0.9**5)
    for second in range(60, 700):
        cooling.follow(second, 70, 95, full=True, stalled=0)
    assert cooling.share == 1.0


def test_a_card_that_holds_itself_at_a_temperature_is_believed() -> None:
    def wrong(*, held: bool) -> str | None:
        judge, last = Judge(), None
        for second in range(200):
            last = judge.wrong_with(second, 82, 300.0 if second // 50 % 2 else 150.0, held_for_heat=held)
        return last

    assert wrong(held=True) is None
    assert wrong(held=False) is not None


def test_power_comes_back_a_step_a_minute() -> None:
    cooling = Cooling()
    for second in range(40):
        cooling.follow(second, 90, 95, full=True, stalled=0)
    low = cooling.share
    for second in range(40, 94):
        cooling.follow(second, 70, 95, full=False, stalled=0)
    assert cooling.share == low
    for second in range(94, 100):
        cooling.follow(second, 70, 95, full=False, stalled=0)
    assert cooling.share == pytest.approx(low / 0.9)


def test_a_cool_card_at_full_fan_is_no_trouble() -> None:
    cooling = Cooling()
    for second in range(100):
        cooling.follow(second, 70, 95, full=True, stalled=0)
    assert cooling.share == 1.0


def test_a_fan_stands_only_after_it_had_time_to_start() -> None:
    cooling = Cooling()
    assert not cooling.stalled(0, 0, 50, 0)
    assert not cooling.stalled(9, 0, 50, 0)
    assert cooling.stalled(10, 0, 50, 0)
    assert not cooling.stalled(11, 0, 50, 1200)
    assert not cooling.stalled(12, 0, 50, 0)
    assert not cooling.stalled(30, 1, 50, None), "a card that does not tell"


def test_back_off_doubles_to_its_end_and_forgets_on_success() -> None:
    retry, now, pauses = Retry(60), 0.0, []
    for _ in range(8):
        retry.failed(now)
        begun = now
        while not retry.due(now):
            now += 1
        pauses.append(now - begun)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    retry.worked()
    assert retry.due(now)

"""Simulated cards behave as cards do: they warm up, blow, and hold themselves back."""

from __future__ import annotations

import pynvml as n
import pytest

from sim.gpu.cards import Truth
from sim.gpu.models import card, models
from tests.system.simulated_cards import Opened

pytestmark = pytest.mark.system

SETTLED_S = 600.0

# Prompt processing of a 3090 against its power limit, W → tokens/s: club-3090 and llmgarage, in the project's notes.
CLUB_3090 = {200: 606, 220: 733, 250: 907, 280: 983, 300: 1015, 350: 1050, 390: 1105}
LLMGARAGE = {200: 5941, 250: 8436, 300: 9326, 350: 9893}


def settled(opened: Opened, model: str, load: str = "full", ambient_c: float = 25.0) -> Truth:
    cards = opened([card(model)], ambient_c=ambient_c)
    cards.load(0, load)
    cards.advance(SETTLED_S)
    return cards.truth(0)


def speed_at(opened: Opened, limit_w: int) -> float:
    cards = opened([card("rtx3090")])
    n.nvmlDeviceSetPowerManagementLimit(n.nvmlDeviceGetHandleByIndex(0), limit_w * 1000)
    cards.load(0, "full")
    cards.advance(120)
    return cards.truth(0).clock_mhz


@pytest.mark.parametrize("model", models())
def test_at_full_load_it_settles_under_its_slowdown_at_its_power_limit(opened: Opened, model: str) -> None:
    truth = settled(opened, model)
    gpu = card(model)
    assert 60 < truth.die_c < gpu.temperature_slowdown_c - 5
    assert truth.power_w == pytest.approx(gpu.power_default_w, rel=0.02)
    assert truth.reasons == n.nvmlClocksEventReasonSwPowerCap
    assert truth.slowdown_s == 0


@pytest.mark.parametrize("model", models())
def test_at_rest_it_draws_little_and_its_fans_may_stand(opened: Opened, model: str) -> None:
    truth = settled(opened, model, "idle")
    gpu = card(model)
    assert gpu.physics is not None
    assert truth.power_w == gpu.physics.idle_w
    assert truth.die_c < 50
    assert truth.reasons == n.nvmlClocksEventReasonGpuIdle
    stands = gpu.physics.fan_stop_c > 0
    assert all((rpm == 0) == stands for rpm in truth.fan_rpm)


def test_a_3090_settles_where_reviews_have_it(opened: Opened) -> None:
    truth = settled(opened, "rtx3090")
    assert 66 < truth.die_c < 76
    assert all(55 < percent < 75 for percent in truth.fan_percent)


@pytest.mark.parametrize(("figures", "unit_w"), [(CLUB_3090, 350), (LLMGARAGE, 350)])
def test_a_3090_slows_down_with_its_power_limit_as_measured(
    opened: Opened, figures: dict[int, int], unit_w: int
) -> None:
    whole = speed_at(opened, unit_w)
    for limit_w, tokens in figures.items():
        assert speed_at(opened, limit_w) / whole == pytest.approx(tokens / figures[unit_w], rel=0.13), limit_w


def test_energy_goes_where_it_comes_from(opened: Opened) -> None:
    cards = opened([card("rtx3090")])
    cards.load(0, "full")
    cards.advance(1000)
    before = cards.truth(0)
    cards.advance(100)
    after = cards.truth(0)
    assert (after.energy_j - before.energy_j) / 100 == pytest.approx(after.power_w, rel=0.01)
    energy = n.nvmlDeviceGetTotalEnergyConsumption(n.nvmlDeviceGetHandleByIndex(0))
    assert energy / 1000 == pytest.approx(after.energy_j, abs=1)


def with_fans_at(opened: Opened, percent: int, seconds: float = SETTLED_S) -> Truth:
    cards = opened([card("rtx3090")])
    handle = n.nvmlDeviceGetHandleByIndex(0)
    for fan in range(2):
        n.nvmlDeviceSetFanSpeed_v2(handle, fan, percent)
    cards.load(0, "full")
    cards.advance(seconds)
    return cards.truth(0)


def test_more_fan_is_cooler(opened: Opened) -> None:
    degrees = [with_fans_at(opened, percent).die_c for percent in (30, 45, 60, 80, 100)]
    assert degrees == sorted(degrees, reverse=True)
    assert degrees[-2] - degrees[-1] < degrees[0] - degrees[-1]


def test_a_fan_left_at_a_low_speed_overheats_the_card_which_then_holds_its_clock_back(opened: Opened) -> None:
    truth = with_fans_at(opened, 30)
    assert truth.reasons & n.nvmlClocksEventReasonSwThermalSlowdown
    assert 81 <= truth.die_c <= 85
    assert truth.work_done_s / truth.work_asked_s < with_fans_at(opened, 80).work_done_s / SETTLED_S


def test_no_fan_at_all_ends_at_the_last_defence(opened: Opened) -> None:
    cards = opened([card("rtx3090", power_min_w=300)], ambient_c=40)
    cards.load(0, "full")
    cards.advance(300)
    cards.fault(0, "fan-stuck")
    cards.advance(60)
    truth = cards.truth(0)
    assert truth.fan_rpm == (0, 0)
    assert truth.reasons & n.nvmlClocksEventReasonSwThermalSlowdown


def test_fans_take_a_moment(opened: Opened) -> None:
    assert with_fans_at(opened, 100, seconds=0.5).fan_percent[0] < 50
    assert with_fans_at(opened, 100, seconds=10).fan_percent[0] > 99


def test_cards_side_by_side_warm_each_other(opened: Opened) -> None:
    alone = settled(opened, "rtx3090", "idle")
    cards = opened([card("rtx3090", index) for index in range(3)])
    for index in (0, 2):
        cards.load(index, "full")
    cards.advance(SETTLED_S)
    assert cards.truth(1).die_c > alone.die_c + 2
    assert cards.truth(1).air_c > alone.air_c + 2 * 350 * 0.01


def test_a_clock_lock_bounds_the_clock_and_says_so(opened: Opened) -> None:
    cards = opened([card("rtx3090")])
    handle = n.nvmlDeviceGetHandleByIndex(0)
    n.nvmlDeviceSetGpuLockedClocks(handle, 210, 1400)
    cards.load(0, "full")
    cards.advance(60)
    assert n.nvmlDeviceGetClockInfo(handle, n.NVML_CLOCK_GRAPHICS) == 1395
    assert n.nvmlDeviceGetCurrentClocksEventReasons(handle) == n.nvmlClocksEventReasonApplicationsClocksSetting
    n.nvmlDeviceResetGpuLockedClocks(handle)
    cards.advance(60)
    assert n.nvmlDeviceGetClockInfo(handle, n.NVML_CLOCK_GRAPHICS) > 1800


def test_the_limit_bounds_a_mean_and_no_peak(opened: Opened) -> None:
    cards = opened([card("rtx3090")])
    cards.load(0, "burst", seed=3)
    highest = 0.0
    for _ in range(1200):
        cards.advance(0.05)
        highest = max(highest, cards.truth(0).power_w)
    assert highest > 380


def test_the_same_seed_is_the_same_load(opened: Opened) -> None:
    def course(seed: int) -> list[float]:
        cards = opened([card("rtx3090")])
        cards.load(0, "burst", seed=seed)
        found = []
        for _ in range(60):
            cards.advance(1)
            found.append(cards.truth(0).energy_j)
        return found

    first = course(1)
    assert course(1) == first
    assert course(2) != first


def test_hbm_tells_its_temperature_and_gddr_does_not(opened: Opened) -> None:
    opened([card("h100"), card("rtx3090", 1)])
    hbm, gddr = (
        n.nvmlDeviceGetFieldValues(n.nvmlDeviceGetHandleByIndex(index), [n.NVML_FI_DEV_MEMORY_TEMP])[0]
        for index in (0, 1)
    )
    assert hbm.nvmlReturn == 0 and 20 < hbm.value.uiVal < 60
    assert gddr.nvmlReturn == n.NVML_ERROR_NOT_SUPPORTED


def test_a_card_without_fans_says_so(opened: Opened) -> None:
    opened([card("h100")])
    handle = n.nvmlDeviceGetHandleByIndex(0)
    assert n.nvmlDeviceGetNumFans(handle) == 0
    for call in (
        lambda: n.nvmlDeviceGetFanSpeed_v2(handle, 0),
        lambda: n.nvmlDeviceSetFanSpeed_v2(handle, 0, 50),
        lambda: n.nvmlDeviceGetMinMaxFanSpeed(handle),
    ):
        with pytest.raises(n.NVMLError_NotSupported):
            call()


def test_days_pass_in_seconds(opened: Opened) -> None:
    cards = opened([card("rtx3090", index) for index in range(2)])
    cards.load(0, "training")
    cards.advance(6 * 3600)
    assert cards.now_s() == pytest.approx(6 * 3600, abs=0.1)
    assert cards.truth(0).work_asked_s > 5 * 3600

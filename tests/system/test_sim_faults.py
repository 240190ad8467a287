"""Simulated cards are the same to all programs, and go wrong on demand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pynvml as n
import pytest

from sim.errors import SimulationError
from sim.gpu.cards import FAULTS, Cards
from sim.gpu.models import card
from tests.system.simulated_cards import Opened

pytestmark = pytest.mark.system

PAIR = [card("rtx3090", 0), card("rtx3090", 1)]
SLOWDOWN_C = PAIR[0].temperature_slowdown_c


@pytest.fixture
def cards(opened: Opened) -> Cards:
    return opened(PAIR)


def handle(index: int = 0) -> n.c_nvmlDevice_t:
    return n.nvmlDeviceGetHandleByIndex(index)


def core_c(index: int = 0) -> int:
    return int(n.nvmlDeviceGetTemperatureV(handle(index), n.NVML_TEMPERATURE_GPU))


def elsewhere(nvml: Path, code: str) -> subprocess.Popen[str]:
    """The same cards, in a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import pynvml as n, time, os\nn.nvmlInit()\nh = n.nvmlDeviceGetHandleByIndex(0)\n{code}",
        ],
        env={**os.environ, "LD_LIBRARY_PATH": str(nvml)},
        stdout=subprocess.PIPE,
        text=True,
    )


# One state


def test_what_one_program_sets_all_see(cards: Cards, nvml: Path) -> None:
    n.nvmlDeviceSetPowerManagementLimit(handle(), 222_000)
    n.nvmlDeviceSetFanSpeed_v2(handle(), 1, 77)
    cards.load(0, "full")
    cards.advance(100)
    code = (
        "print(n.nvmlDeviceGetPowerManagementLimit(h), n.nvmlDeviceGetFanSpeed_v2(h, 1),"
        " n.nvmlDeviceGetFanControlPolicy_v2(h, 0), n.nvmlDeviceGetTemperatureV(h, 0))"
    )
    assert elsewhere(nvml, code).communicate()[0].split() == ["222000", "77", "0", str(core_c())]


def test_a_manual_fan_outlives_the_program_that_set_it(cards: Cards, nvml: Path) -> None:
    program = elsewhere(nvml, "n.nvmlDeviceSetFanSpeed_v2(h, 0, 40); print('set', flush=True); time.sleep(60)")
    assert program.stdout is not None and program.stdout.readline() == "set\n"
    program.kill()
    program.wait()
    assert cards.truth(0).fan_manual == (True, False)
    n.nvmlDeviceSetDefaultFanSpeed_v2(handle(), 0)
    assert cards.truth(0).fan_manual == (False, False)


def test_who_dies_in_the_midst_of_a_look_locks_nobody_out(cards: Cards, nvml: Path) -> None:
    for _ in range(10):
        program = elsewhere(nvml, "print('go', flush=True)\nwhile True: n.nvmlDeviceGetPowerUsage(h)")
        assert program.stdout is not None and program.stdout.readline() == "go\n"
        time.sleep(0.05)
        program.kill()
        program.wait()
        assert core_c() > 0


def test_time_moves_by_itself_where_it_is_told_to(opened: Opened) -> None:
    cards = opened(PAIR, speed=100)
    cards.load(0, "full")
    begun = cards.now_s()
    time.sleep(0.5)
    assert 40 < cards.now_s() - begun < 400
    with pytest.raises(SimulationError, match="moves by itself"):
        cards.advance(1)


def test_another_configuration_is_another_state(opened: Opened, tmp_path: Path) -> None:
    opened(PAIR)
    n.nvmlDeviceSetPowerManagementLimit(handle(), 222_000)
    state = tmp_path / "state-0"
    n.nvmlShutdown()
    n.nvmlInit()
    assert n.nvmlDeviceGetPowerManagementLimit(handle()) == 222_000
    file = tmp_path / "gpus.conf"
    file.write_text(file.read_text().replace("power_default_w=350", "power_default_w=340"))
    with state.open("rb") as before:
        n.nvmlShutdown()
        n.nvmlInit()
        assert n.nvmlDeviceGetPowerManagementLimit(handle()) == 340_000
        assert os.fstat(before.fileno()).st_nlink == 0, "who has the old one open keeps it, and nobody else"


# Faults


def test_a_call_fails_so_many_times(cards: Cards) -> None:
    cards.fault(0, "call-fails", calls=2, value=n.NVML_ERROR_UNKNOWN, function="nvmlDeviceGetPowerUsage")
    for _ in range(2):
        with pytest.raises(n.NVMLError_Unknown):
            n.nvmlDeviceGetPowerUsage(handle())
        assert core_c() > 0
    assert n.nvmlDeviceGetPowerUsage(handle()) == 21000
    assert n.nvmlDeviceGetPowerUsage(handle(1)) == 21000


def test_a_temperature_is_unreadable_absurd_or_stuck(cards: Cards) -> None:
    cards.fault(0, "temperature-unreadable")
    with pytest.raises(n.NVMLError_Unknown):
        core_c()
    with pytest.raises(n.NVMLError_Unknown):
        n.nvmlDeviceGetTemperature(handle(), n.NVML_TEMPERATURE_GPU)
    cards.clear(0, "temperature-unreadable")
    cards.fault(0, "temperature-absurd")
    assert core_c() == 65535
    cards.clear(0)
    cards.fault(0, "temperature-stuck")
    before = core_c()
    cards.load(0, "full")
    cards.advance(200)
    assert core_c() == before < cards.truth(0).die_c - 20
    cards.clear(0)
    assert core_c() > before


def test_a_stuck_fan_stands_though_it_is_told_to_turn(cards: Cards) -> None:
    cards.load(0, "full")
    cards.advance(100)
    cards.fault(0, "fan-stuck", value=1)
    cards.advance(20)
    assert n.nvmlDeviceGetFanSpeed_v2(handle(), 1) > 40, "what it was told"
    truth = cards.truth(0)
    assert truth.fan_rpm[0] > 1000 and truth.fan_rpm[1] == 0


def test_a_card_may_stall_above_its_least_speed(cards: Cards) -> None:
    cards.fault(0, "minimum-ignored", value=45)
    n.nvmlDeviceSetFanSpeed_v2(handle(), 0, 40)
    n.nvmlDeviceSetFanSpeed_v2(handle(), 1, 50)
    cards.advance(20)
    truth = cards.truth(0)
    assert truth.fan_rpm[0] == 0 and truth.fan_rpm[1] > 1000


@pytest.mark.parametrize(
    ("setting", "reading"),
    [
        (lambda h: n.nvmlDeviceSetPowerManagementLimit(h, 200_000), n.nvmlDeviceGetPowerManagementLimit),
        (lambda h: n.nvmlDeviceSetFanSpeed_v2(h, 0, 60), lambda h: n.nvmlDeviceGetFanControlPolicy_v2(h, 0)),
        (lambda h: n.nvmlDeviceSetPersistenceMode(h, 1), n.nvmlDeviceGetPersistenceMode),
    ],
)
def test_a_set_is_ignored_and_reported_as_done(
    cards: Cards, setting: Callable[[n.c_nvmlDevice_t], None], reading: Callable[[n.c_nvmlDevice_t], int]
) -> None:
    before = reading(handle())
    cards.fault(0, "set-ignored", calls=1)
    setting(handle())
    assert reading(handle()) == before
    setting(handle())
    assert reading(handle()) != before


@pytest.mark.parametrize(
    ("kind", "error"), [("lost", n.NVMLError_GpuIsLost), ("reset-required", n.NVMLError_ResetRequired)]
)
def test_a_card_is_lost_and_comes_back_as_after_a_reset(cards: Cards, kind: str, error: type[n.NVMLError]) -> None:
    held = handle()
    n.nvmlDeviceSetPowerManagementLimit(held, 200_000)
    n.nvmlDeviceSetFanSpeed_v2(held, 0, 60)
    cards.fault(0, kind)
    for call in (n.nvmlDeviceGetPowerUsage, n.nvmlDeviceGetNumFans, lambda _: handle()):
        with pytest.raises(error):
            call(held)
    assert core_c(1) > 0, "the other one is undisturbed"
    cards.clear(0, kind)
    assert n.nvmlDeviceGetPowerManagementLimit(held) == 350_000
    assert n.nvmlDeviceGetFanControlPolicy_v2(held, 0) == n.NVML_FAN_POLICY_TEMPERATURE_CONTINOUS_SW


def test_a_lost_card_is_an_event(cards: Cards) -> None:
    events = n.nvmlEventSetCreate()
    n.nvmlDeviceRegisterEvents(handle(), n.nvmlEventTypeXidCriticalError, events)
    with pytest.raises(n.NVMLError_Timeout):
        n.nvmlEventSetWait_v2(events, 10)
    cards.fault(0, "lost")
    assert n.nvmlEventSetWait_v2(events, 1000).eventData == 79
    n.nvmlEventSetFree(events)


def test_after_the_driver_was_loaded_anew_only_a_new_start_helps(cards: Cards) -> None:
    held = handle()
    cards.fault(0, "mismatch")
    for _ in range(2):
        with pytest.raises(n.NVMLError_LibRmVersionMismatch):
            n.nvmlDeviceGetPowerUsage(held)
    n.nvmlShutdown()
    n.nvmlInit()
    assert n.nvmlDeviceGetPowerUsage(handle()) == 21000


def test_a_call_hangs_until_it_is_let_go_and_hangs_no_other_card(cards: Cards) -> None:
    cards.fault(0, "hang", function="nvmlDeviceGetPowerUsage")
    caller = threading.Thread(target=n.nvmlDeviceGetPowerUsage, args=(handle(),), daemon=True)
    caller.start()
    caller.join(0.3)
    assert caller.is_alive()
    assert n.nvmlDeviceGetPowerUsage(handle(1)) == 21000
    cards.clear(0, "hang")
    caller.join(5)
    assert not caller.is_alive()


def test_a_hung_program_can_be_killed(cards: Cards, nvml: Path) -> None:
    cards.fault(0, "hang", function="nvmlDeviceGetNumFans")
    program = elsewhere(nvml, "print('go', flush=True); n.nvmlDeviceGetNumFans(h)")
    assert program.stdout is not None and program.stdout.readline() == "go\n"
    time.sleep(0.2)
    assert program.poll() is None
    program.send_signal(signal.SIGKILL)
    program.wait(5)
    assert core_c() > 0


def test_a_card_that_nothing_cools_falls_off_the_bus(opened: Opened) -> None:
    cards = opened([card("rtx3090", temperature_shutdown_c=70)])
    cards.load(0, "full")
    cards.fault(0, "fan-stuck")
    cards.advance(300)
    truth = cards.truth(0)
    assert truth.shut_down and truth.lost and truth.power_w == 0
    with pytest.raises(n.NVMLError_GpuIsLost):
        core_c()


def test_what_is_no_fault_is_refused(cards: Cards) -> None:
    for kind in FAULTS:
        cards.fault(1, kind, calls=1)
    with pytest.raises(SimulationError, match="nothing of that name"):
        cards.fault(0, "gremlins")
    with pytest.raises(SimulationError, match="no such card"):
        cards.fault(2, "lost")
    with pytest.raises(SimulationError, match="nothing of that name"):
        cards.load(0, "mining")

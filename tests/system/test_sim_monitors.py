"""Monitors that people use show what the simulated cards are: gpustat and nvitop, unchanged, in their own processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pynvml as n
import pytest

from sim.gpu.cards import Cards
from sim.gpu.models import card
from tests.system.simulated_cards import Opened

pytestmark = pytest.mark.system

BIN = Path(sys.executable).parent
NAMES = ("rtx3090", "h100", "rtx5090")


@pytest.fixture
def cards(opened: Opened) -> Cards:
    """Three unlike cards under unlike loads, warm; the first with a lowered limit and a fan at a fixed speed."""
    made = opened([card(name, index) for index, name in enumerate(NAMES)], ambient_c=27)
    for index, load in enumerate(("full", "decode", "idle")):
        made.load(index, load)
    handle = n.nvmlDeviceGetHandleByIndex(0)
    n.nvmlDeviceSetPowerManagementLimit(handle, 250_000)
    for fan in (0, 1):
        n.nvmlDeviceSetFanSpeed_v2(handle, fan, 70)
    made.advance(600)
    return made


def said(nvml: Path, *command: str) -> str:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={**os.environ, "LD_LIBRARY_PATH": str(nvml), "COLUMNS": "120"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_gpustat(cards: Cards, nvml: Path) -> None:
    found: dict[str, Any] = json.loads(said(nvml, "gpustat", "--json"))
    assert found["driver_version"] == "580.95.05"
    for index, (name, shown) in enumerate(zip(NAMES, found["gpus"], strict=True)):
        truth, model = cards.truth(index), card(name, index)
        assert (shown["name"], shown["uuid"]) == (model.name, model.uuid)
        assert shown["temperature.gpu"] == pytest.approx(truth.die_c, abs=1)
        assert shown["power.draw"] == pytest.approx(truth.power_w, abs=2)
        assert shown["enforced.power.limit"] == round(truth.limit_w)
        assert shown["memory.total"] == model.memory_total_mib
        assert (shown["fan.speed"] is None) == (not model.fans)
    assert found["gpus"][0]["fan.speed"] == pytest.approx(70, abs=1)
    assert found["gpus"][0]["utilization.gpu"] > 90 and found["gpus"][2]["utilization.gpu"] == 0


def test_nvitop(cards: Cards, nvml: Path) -> None:
    text = said(nvml, "nvitop", "--once", "--no-unicode")
    assert "Driver Version: 580.95.05" in text
    rows = re.findall(r"([\d.]+%|N/A)\s+(\d+)C\s+P\d+\s+(\d+)W / (\d+)W \|\s+\S+ / ([\d.]+)GiB", text)
    assert len(rows) == len(NAMES), text
    for index, (fan, core, power, limit, memory) in enumerate(rows):
        truth, model = cards.truth(index), card(NAMES[index], index)
        assert int(core) == pytest.approx(truth.die_c, abs=1)
        assert int(power) == pytest.approx(truth.power_w, abs=2)
        assert int(limit) == round(truth.limit_w)
        assert float(memory) == pytest.approx(model.memory_total_mib / 1024, abs=0.1)
        assert (fan == "N/A") == (not model.fans)
    assert "GeForce RTX 3090" in text and "H100 80GB HBM3" in text

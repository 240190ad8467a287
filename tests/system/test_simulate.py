"""`rig simulate` as its owner types it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.system.site import BIN, REPOSITORY

pytestmark = pytest.mark.system


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "rig"), "simulate", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(simulate(*arguments, "--json").stdout)
    return found


def test_the_reference_machine_stays_cool_and_within_its_supply(tmp_path: Path) -> None:
    done = simulate("basement", "--hours", "0.4", "--ambient", "30", "--out", str(tmp_path / "a.svg"))
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in ("core, °C", "PCIE1", "slowdown at", "budget for cards", "820 W"):
        assert shown in done.stdout
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")
    assert "a.svg written" in done.stderr


def test_another_profile_is_seen_in_the_figures() -> None:
    quiet, training = (document("--profile", name, "--hours", "0.3")["cards"][0] for name in ("quiet", "training"))
    assert quiet["noise_db"] < training["noise_db"] - 3
    assert quiet["hottest_c"] > training["hottest_c"] + 3


def test_a_fan_that_stands_costs_its_card_power_and_no_other() -> None:
    found = document("--fault", "fan-stuck:PCIE1@5", "--hours", "0.5")
    stuck, healthy = found["cards"]
    assert stuck["mean_power_w"] < 0.75 * healthy["mean_power_w"]
    assert stuck["hottest_c"] < stuck["slowdown_c"]
    assert healthy["work_percent"] > 80
    assert any("stand still" in line["text"] for line in found["journal"])
    assert found["sound"]


def test_a_card_that_passes_its_slowdown_is_an_exit_status() -> None:
    hot = ("--ambient", "60", "--fault", "fan-stuck:0@1", "--hours", "1", "--set", "power.least_w=280")
    done = simulate(*hot, "--json")
    assert done.returncode == 1, done.stdout
    assert json.loads(done.stdout)["sound"] is False

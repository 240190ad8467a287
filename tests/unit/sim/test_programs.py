"""What the simulation needs on the machine."""

import os
import re
from pathlib import Path

import pytest

from sim import programs
from sim.cli import main
from sim.errors import SimulationError

SIM = Path(programs.__file__).parent


def test_a_missing_program_names_its_debian_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SEARCH_PATH", "/nowhere")
    with pytest.raises(SimulationError, match=r"apt-get install systemd-container$"):
        programs.find("systemd-nspawn")
    with pytest.raises(SimulationError, match=r"apt-get install iproute2 nftables$"):
        programs.require("nft", "ip")


def test_a_failure_is_one_line_with_the_last_that_was_said() -> None:
    with pytest.raises(SimulationError) as caught:
        programs.run(["sh", "-c", "echo one >&2; echo two >&2; exit 3"])
    assert str(caught.value).endswith("failed (3): two")
    assert "\n" not in str(caught.value)


def test_every_program_that_is_required_is_in_the_list() -> None:
    required = {
        name
        for file in SIM.rglob("*.py")
        for call in re.findall(r"programs\.require\(([^)]*)\)", file.read_text())
        for name in re.findall(r'"([^"]+)"', call)
    }
    assert required
    assert required <= set(programs.DEBIAN_PACKAGE)


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SimulationError, match="sudo"):
        programs.require_root("a throw-away host")


def test_the_command_line_prints_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["requirements"]) == 0
    packages = capsys.readouterr().out.split()
    assert {"systemd-container", "mmdebstrap", "nftables", "gcc"} <= set(packages)


def test_wrong_use_of_the_command_line_ends_with_64(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["up", "--release", "sarge"])
    assert ended.value.code == 64
    assert "sarge" in capsys.readouterr().err


def test_a_host_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "no-such-host"]) == 1
    assert capsys.readouterr().err.count("\n") == 1

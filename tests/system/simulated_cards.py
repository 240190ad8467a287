"""Simulated cards in this process: opened anew for each test, in time that moves by hand unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pynvml
import pytest

from sim.gpu.build import LIBRARY, compile_into
from sim.gpu.cards import Cards
from sim.gpu.model import Gpu, configuration

Opened = Callable[..., Cards]


@pytest.fixture(scope="session")
def nvml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library, compiled once; the process keeps to the first one that it loads."""
    folder = tmp_path_factory.mktemp("nvml")
    compile_into(folder)
    return folder


@pytest.fixture
def opened(nvml: Path, tmp_path: Path) -> Iterator[Opened]:
    """Opens cards, and nvidia-ml-py on them; those that were open before are gone."""
    sessions = 0

    def opened(gpus: Sequence[Gpu], *, speed: float = 0, ambient_c: float = 25) -> Cards:
        nonlocal sessions
        if sessions:
            pynvml.nvmlShutdown()
        file = tmp_path / "gpus.conf"
        state = str(tmp_path / f"state-{sessions}")
        file.write_text(configuration(gpus, driver_version="580.95.05", state=state, speed=speed, ambient_c=ambient_c))
        cards = Cards(nvml / LIBRARY, file)
        pynvml.nvmlInit()
        sessions += 1
        return cards

    yield opened
    if sessions:
        pynvml.nvmlShutdown()

"""rigd's own loop, configured as declared, against simulated cards in simulated time."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rigd.budget import load_w
from rigd.config import Config, parse
from rigd.loop import Loop
from sim.gpu.build import LIBRARY, built
from sim.gpu.cards import Cards, Truth
from sim.gpu.clock import CardsClock
from sim.gpu.model import Gpu, configuration


@dataclass(frozen=True)
class Fault:
    """A fault that sets in after so many seconds; ``card`` None: it is of all cards (mismatch)."""

    kind: str
    card: int | None
    at_s: float


@dataclass(frozen=True)
class Scene:
    """What the cards are put through. ``loads``: a schedule for each card."""

    loads: Sequence[str]
    ambient_c: float = 25.0
    seconds: float = 3600.0
    seed: int = 0
    faults: Sequence[Fault] = ()


@dataclass
class Record:
    """What became of it: one entry of each list a tick.

    ``truths``: how the cards were, whatever they said; ``loads_w``: supply → what the limits in force let its cards
    draw; ``drawn_w``: the same of what they drew; ``lines``: (seconds, what rigd wrote to the journal).
    """

    gpus: Sequence[Gpu]
    names: Sequence[str]
    scene: Scene
    config: Config
    times_s: list[float] = field(default_factory=list)
    truths: list[list[Truth]] = field(default_factory=list)
    loads_w: dict[str, list[float]] = field(default_factory=dict)
    drawn_w: dict[str, list[float]] = field(default_factory=dict)
    lines: list[tuple[float, str]] = field(default_factory=list)


def simulate(
    document: Mapping[str, Any],
    gpus: Sequence[Gpu],
    scene: Scene,
    *,
    names: Sequence[str] | None = None,
    progress: Callable[[float], None] = lambda seconds: None,
) -> Record:
    """Run rigd with this configuration on these cards. Once in a process: the library keeps to the cards it opened.

    ``names``: of the cards, for people; ``progress`` is told after each tick how many seconds have passed.

    Raises SimulationError where the simulated library cannot be built or opened; rigd's ConfigError.
    """
    config = parse(document)
    with TemporaryDirectory(prefix="rig-simulate-") as folder:
        file = Path(folder) / "gpus.conf"
        state = str(Path(folder) / "state")
        text = configuration(gpus, driver_version="580.95.05", state=state, speed=0, ambient_c=scene.ambient_c)
        file.write_text(text, encoding="utf-8")
        cards = Cards(built() / LIBRARY, file)
        clock = CardsClock(cards)
        loop = Loop(config, clock)
        record = Record(gpus, names or [f"GPU {index}" for index in range(len(gpus))], scene, config)
        with _journal(record, clock):
            try:
                _run(loop, cards, clock, record, progress)
            finally:
                loop.end()
    return record


def _run(loop: Loop, cards: Cards, clock: CardsClock, record: Record, progress: Callable[[float], None]) -> None:
    scene = record.scene
    for index, schedule in enumerate(scene.loads):
        cards.load(index, schedule, scene.seed + index)
    waiting = sorted(scene.faults, key=lambda fault: fault.at_s)
    while clock.now() < scene.seconds:
        while waiting and waiting[0].at_s <= clock.now():
            fault = waiting.pop(0)
            cards.fault(fault.card or 0, fault.kind)
        loop.tick()
        clock.wait(clock.now() + record.config.poll_s)
        _note(record, clock.now(), [cards.truth(index) for index in range(len(record.gpus))])
        progress(clock.now())


def _note(record: Record, now: float, truths: list[Truth]) -> None:
    record.times_s.append(now)
    record.truths.append(truths)
    for supply in record.config.supplies_w:
        for book, figure in ((record.loads_w, "limit_w"), (record.drawn_w, "power_w")):
            total = sum(
                load_w(entry.power.draws, supply, getattr(truth, figure))
                for index, (gpu, truth) in enumerate(zip(record.gpus, truths, strict=True))
                if (entry := record.config.entry_for(gpu.uuid, gpu.address, index)) and entry.power
            )
            book.setdefault(supply, []).append(total)


class _Lines(io.TextIOBase):
    """Takes what rigd writes to standard error, with the time at which it does."""

    def __init__(self, record: Record, clock: CardsClock) -> None:
        self._record, self._clock = record, clock

    def write(self, text: str) -> int:
        self._record.lines += [(self._clock.now(), line) for line in text.splitlines() if line.strip()]
        return len(text)


@contextmanager
def _journal(record: Record, clock: CardsClock) -> Iterator[None]:
    with contextlib.redirect_stderr(_Lines(record, clock)):
        yield

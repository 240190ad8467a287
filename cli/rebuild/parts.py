"""What the parts of a rebuild come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cli import exit_codes


class Result(StrEnum):
    """What a part came to."""

    DONE = "done"
    NOTHING = "nothing to do"
    LEFT_OUT = "left out"
    OUTSTANDING = "outstanding"
    """Something is left that a rebuild does not do by itself; it says what."""
    FAILED = "failed"
    UNTOLD = "could not tell"
    LOST = "could not reach"
    INTERRUPTED = "interrupted"


STATUS = {
    Result.INTERRUPTED: exit_codes.INTERRUPTED,
    Result.FAILED: exit_codes.FAILED,
    Result.LOST: exit_codes.UNREACHED,
    Result.UNTOLD: exit_codes.UNREACHED,
    Result.OUTSTANDING: exit_codes.PENDING,
}
"""The worst first."""


@dataclass(frozen=True)
class Told:
    """What a part came to. ``said``: a line of it; ``more``: further lines, of what failed, say; ``layers``: of an
    apply, how long each layer took, s."""

    result: Result
    said: str = ""
    more: tuple[str, ...] = ()
    layers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """One part as it went; ``seconds``: how long it took."""

    name: str
    told: Told
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        told = self.told
        found: dict[str, Any] = {"part": self.name, "result": str(told.result), "seconds": round(self.seconds, 1)}
        if told.said:
            found["said"] = told.said
        if told.more:
            found["more"] = list(told.more)
        if told.layers:
            found["layers"] = {layer: round(spent, 1) for layer, spent in told.layers.items()}
        return found


class Stop(Exception):
    """The rebuild ends here; the same command goes on from here, once what is told has been seen to."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.said)
        self.told = told


def stop(result: Result, said: str, more: Sequence[str] = ()) -> Stop:
    """An end, to be raised."""
    return Stop(Told(result, said, tuple(more)))

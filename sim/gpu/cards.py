"""Steers simulated GPUs, and tells how they truly are: over the state that all programs of a configuration share."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

from sim.errors import SimulationError

SCHEDULES = ("idle", "prefill", "decode", "training", "burst", "full")
FAULTS = (
    "call-fails",
    "temperature-unreadable",
    "temperature-stuck",
    "temperature-absurd",
    "fan-stuck",
    "set-ignored",
    "minimum-ignored",
    "lost",
    "reset-required",
    "mismatch",
    "hang",
)
_FANS_MAX = 4
_FIGURES = (
    "now_s",
    "die_c",
    "memory_c",
    "sink_c",
    "air_c",
    "power_w",
    "limit_w",
    "clock_mhz",
    "clock_wanted_mhz",
    "lock_most_mhz",
    "energy_j",
    "work_done_s",
    "work_asked_s",
    "slowdown_s",
)
_ENVIRONMENT = "RIGWRIGHT_SIM_GPUS"
_ERRORS = {
    1: "the state is not open",
    2: "there is no such card, or a figure is out of range",
    3: "its time moves by itself (speed= in its configuration is not 0)",
    4: "its state may not be opened",
    6: "there is nothing of that name",
}


class _Truth(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_double) for name in _FIGURES),
        ("fan_percent", ctypes.c_double * _FANS_MAX),
        ("fan_rpm", ctypes.c_double * _FANS_MAX),
        ("fan_manual", ctypes.c_int * _FANS_MAX),
        ("fans", ctypes.c_int),
        ("shut_down", ctypes.c_int),
        ("lost", ctypes.c_int),
        ("reasons", ctypes.c_uint),
    )


@dataclass(frozen=True)
class Truth:
    """How a card is, whatever its library says. Work: seconds at the highest clock; fans: by their numbers.

    `lock_most_mhz`: the highest clock that its lock allows, 0 where there is none; `slowdown_s`: how long it has been
    at or over its slowdown temperature in all.
    """

    now_s: float
    die_c: float
    memory_c: float
    sink_c: float
    air_c: float
    power_w: float
    limit_w: float
    clock_mhz: float
    clock_wanted_mhz: float
    lock_most_mhz: float
    energy_j: float
    work_done_s: float
    work_asked_s: float
    slowdown_s: float
    fan_percent: tuple[float, ...]
    fan_rpm: tuple[float, ...]
    fan_manual: tuple[bool, ...]
    shut_down: bool
    lost: bool
    reasons: int


class Cards:
    """The cards of one configuration, from whichever process. They are known by their places in it.

    One configuration a process: the library reads the one that the environment names, once.
    """

    def __init__(self, library: Path, configuration: Path) -> None:
        """Raises SimulationError where the library or the state cannot be opened."""
        os.environ[_ENVIRONMENT] = str(configuration)
        try:
            self._library = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise SimulationError(f"{library} cannot be loaded: {error}") from None
        self._library.rwsim_now_s.restype = ctypes.c_double
        self._library.rwsim_advance.argtypes = [ctypes.c_double]
        self._library.rwsim_ambient.argtypes = [ctypes.c_double]
        self._library.rwsim_load.argtypes = [ctypes.c_uint, ctypes.c_char_p, ctypes.c_uint]
        self._library.rwsim_fault.argtypes = [
            ctypes.c_uint,
            ctypes.c_char_p,
            ctypes.c_long,
            ctypes.c_double,
            ctypes.c_char_p,
        ]
        self._library.rwsim_clear.argtypes = [ctypes.c_uint, ctypes.c_char_p]
        self._do("open")

    def now_s(self) -> float:
        """Simulated seconds since the state was made."""
        return float(self._library.rwsim_now_s())

    def advance(self, seconds: float) -> None:
        """Move time on; only where it does not move by itself."""
        self._do("advance", seconds)

    def ambient(self, celsius: float) -> None:
        """Give the room another temperature."""
        self._do("ambient", celsius)

    def load(self, index: int, schedule: str, seed: int = 0) -> None:
        """Have the card do such work from now on: one of SCHEDULES."""
        self._do("load", index, schedule.encode(), seed)

    def fault(
        self, index: int, kind: str, *, calls: int = -1, value: float | None = None, function: str | None = None
    ) -> None:
        """Have this fault, one of FAULTS: for so many calls (below 0: until it is cleared), of one function or of all.

        `value`: the error of call-fails, the fan of fan-stuck (none given: all), the temperature of temperature-absurd,
        the per cent of minimum-ignored. `mismatch` is of all cards: the driver was loaded anew.
        """
        missing = -1.0 if kind == "fan-stuck" else 0.0
        self._do("fault", index, kind.encode(), calls, missing if value is None else value, (function or "").encode())

    def clear(self, index: int, kind: str | None = None) -> None:
        """End this fault of the card, or all. A card that was lost comes back as after a reset."""
        self._do("clear", index, (kind or "").encode())

    def truth(self, index: int) -> Truth:
        """How the card is."""
        raw = _Truth()
        self._do("truth", index, ctypes.byref(raw))
        fans = min(raw.fans, _FANS_MAX)
        return Truth(
            **{name: getattr(raw, name) for name in _FIGURES},
            fan_percent=tuple(raw.fan_percent[:fans]),
            fan_rpm=tuple(raw.fan_rpm[:fans]),
            fan_manual=tuple(bool(each) for each in raw.fan_manual[:fans]),
            shut_down=bool(raw.shut_down),
            lost=bool(raw.lost),
            reasons=raw.reasons,
        )

    def _do(self, what: str, *arguments: object) -> None:
        result = getattr(self._library, f"rwsim_{what}")(*arguments)
        if result != 0:
            why = _ERRORS.get(result, f"NVML error {result}")
            raise SimulationError(f"simulated GPUs: {what}{arguments[:2]}: {why}")

"""Compiles the simulated library, its nvidia-smi and what steers it, once for a state of their sources."""

from __future__ import annotations

from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of, sources_text

_SOURCES = Path(__file__).resolve().parent / "c"
LIBRARY = "libnvidia-ml.so.1"
COMMAND = "nvidia-smi"
STEERING = "rigwright-sim-gpu"

_LIBRARY_PARTS = (
    # the cards
    "table.c",
    "driver.c",
    "state.c",
    "physics.c",
    "load.c",
    "fault.c",
    "reading.c",
    # what NVML offers of them
    "library.c",
    "identity.c",
    "memory.c",
    "readings.c",
    "fans.c",
    "setters.c",
    "fields.c",
    "events.c",
    "unsupported.c",
    # how they are steered
    "control.c",
)
_COMMAND_PARTS = ("smi.c", "query.c")
_FLAGS = (
    # No GNU extensions: with them a newer C library would bind names that the C library of an older host lacks.
    "-std=c11",
    "-D_POSIX_C_SOURCE=200809L",
    "-O2",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wconversion",
)


def built() -> Path:
    """The folder that holds LIBRARY, COMMAND and STEERING. Raises SimulationError with the compiler's last line."""
    programs.require("cc")
    key = key_of([_FLAGS, sources_text(_SOURCES, "*.c", "*.h")])
    return built_once(cache_dir() / "built" / f"gpu-{key}", compile_into)


def compile_into(folder: Path) -> None:
    """Compiles all of it into `folder`."""
    _cc(_LIBRARY_PARTS, "-shared", f"-Wl,-soname,{LIBRARY}", "-pthread", "-lm", "-o", str(folder / LIBRARY))
    _cc(_COMMAND_PARTS, "-o", str(folder / COMMAND), "-ldl")
    _cc(("steer.c",), str(folder / LIBRARY), "-o", str(folder / STEERING))


def _cc(parts: tuple[str, ...], *arguments: str) -> None:
    programs.run(["cc", *_FLAGS, *(str(_SOURCES / part) for part in parts), *arguments])

"""Models of cards (models.toml): simulated GPUs that warm up, blow, and hold themselves back."""

from __future__ import annotations

import functools
import tomllib
import uuid
from pathlib import Path
from typing import Any

from sim.gpu.model import Gpu, Physics

_FILE = Path(__file__).with_name("models.toml")
_UUIDS = uuid.UUID("5d0a1f7e-91c4-4a0e-8f57-0c0ffee03090")


@functools.cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def models() -> list[str]:
    """Their names, as `card` takes them."""
    return [name for name in _tables() if name != "physics"]


def card(model: str, index: int = 0, **changes: object) -> Gpu:
    """A card of this model at bus 3 + `index`, at rest; any field of `Gpu` may be given another value.

    Raises KeyError for a model that is not in the table.
    """
    tables = _tables()
    table = dict(tables[model])
    physics = Physics(**{**tables["physics"], **table.pop("physics")})
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    at_rest = {
        "uuid": f"GPU-{uuid.uuid5(_UUIDS, f'{model} {index}')}",
        "address": f"0000:{3 + index:02x}:00.0",
        "memory_used_mib": 1,
        "power_usage_w": round(physics.idle_w),
        "temperature_c": 30,
        "fan_percent": 0,
        "physics": physics,
    }
    return Gpu(**{**at_rest, **fields, **changes})


def rtx3090s(count: int) -> list[Gpu]:
    """So many of them, one after another on the bus."""
    return [card("rtx3090", index) for index in range(count)]

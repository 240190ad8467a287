"""What every part of the catalogue is made of, and how a table is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

HERE = Path(__file__).parent


class Entry(BaseModel):
    """A part of the catalogue: frozen; a table with a key that nobody reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def table(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml`` beside this file."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))

"""Files made of templates/: what is not defined there is an error, and nothing is escaped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
"""Laid out as on the host."""


def render(src: str, context: Mapping[str, Any]) -> str:
    """Render templates/``src``."""
    return _environment().get_template(src).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["quoted"] = shlex.quote  # one word of a shell's
    return environment

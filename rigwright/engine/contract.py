"""How the engine changes pyinfra: one way, which says so loudly when pyinfra is not what the engine was written for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pyinfra

PINNED = "3.10."
"""The engine replaces parts of pyinfra that are not its public interface; another version may have others."""


class PyinfraChanged(RuntimeError):
    """pyinfra is not the version, or not of the shape, that the engine was written for."""


def require_version() -> None:
    """Raise `PyinfraChanged` unless pyinfra is the pinned version."""
    if not pyinfra.__version__.startswith(PINNED):
        raise PyinfraChanged(
            f"pyinfra {pyinfra.__version__} is installed; rigwright is written for {PINNED}* (its internals are used)"
        )


def replace(owner: Any, name: str, parameters: Sequence[str], make: Callable[[Any], Any]) -> None:
    """Put ``make(original)`` in the place of ``owner.name``.

    ``parameters``: the names that the original takes; "..." at the end stands for any further ones.
    Raises `PyinfraChanged` when the original is missing or takes others.
    """
    original = getattr(owner, name, None)
    label = f"{owner.__module__}.{owner.__name__}.{name}" if inspect.isclass(owner) else f"{owner.__name__}.{name}"
    if original is None:
        raise PyinfraChanged(f"{label} is gone from pyinfra {pyinfra.__version__}")
    found = list(inspect.signature(original).parameters)
    expected = list(parameters)
    if expected[-1:] == ["..."]:
        found, expected = found[: len(expected) - 1], expected[:-1]
    if found != expected:
        raise PyinfraChanged(f"{label} of pyinfra {pyinfra.__version__} takes {found}, not {expected}")
    setattr(owner, name, make(original))

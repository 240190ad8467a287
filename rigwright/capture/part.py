"""What a layer's module comes back with: values, where they came from, and what is left for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rigwright.spec.origin import Path

FILL_IN = "FILL IN: "
"""Begins a text that stands where no probe can tell the value: no key takes it, so that `rig check` names its line."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Note:
    """Something of the host that the declaration does not say. ``id``: stable, such as 'driver.by-hand'."""

    layer: str
    id: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.what}. {self.advice}".rstrip() if self.advice else f"{self.what}."

    def as_dict(self) -> dict[str, str | None]:
        """For JSON."""
        return {"layer": self.layer, "id": self.id, "what": self.what, "advice": self.advice or None}


@dataclass
class Part:
    """``comments``: what to say of a key, by its path; ``secrets``: what is to be supplied before an apply."""

    values: Values = field(default_factory=dict)
    comments: dict[Path, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def say(self, layer: str, id: str, what: str, advice: str = "") -> None:
        """Add a note."""
        self.notes.append(Note(layer, f"{layer}.{id}", what, advice))


def together(parts: list[Part]) -> Part:
    """Several parts as one; mappings are merged key by key."""
    whole = Part()
    for part in parts:
        whole.values = _merged(whole.values, part.values)
        whole.comments.update(part.comments)
        whole.notes += part.notes
        whole.secrets += part.secrets
    return whole


def _merged(below: Values, above: Mapping[str, Any]) -> Values:
    found = dict(below)
    for name, value in above.items():
        there = found.get(name)
        both = isinstance(value, Mapping) and isinstance(there, Mapping)
        found[name] = _merged(dict(there or {}), value) if both else value
    return found


def number_or_text(value: str) -> int | str:
    """A whole number where it is one, and as such written the same."""
    return int(value) if value.lstrip("-").isdigit() and str(int(value)) == value else value

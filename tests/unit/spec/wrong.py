"""What an entry of the tables of wrong declarations is."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Wrong:
    """A host's data that must be refused, with the text of its one fault."""

    id: str
    source: str
    """The entries of the host's mapping; the first one stands at line 5 of inventory/home.py."""
    text: str

    @property
    def body(self) -> str:
        return dedent(self.source).strip("\n")

"""What is wrong with a declaration, said so that its writer can put it right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rigwright.spec.origin import Origin

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One fault: where, what, what was expected, and what to do."""

    hosts: tuple[str, ...]
    """The hosts that it concerns; empty: none in particular (a file that cannot be read)."""
    key: str
    """Dotted key path; '' where no key is at fault."""
    value: str | None
    """As it is written in the declaration; None: there is none. Secrets never stand here."""
    expected: str
    nearest: str | None
    origin: Origin | None
    advice: str
    id: str
    severity: Severity = "error"

    @property
    def host(self) -> str:
        """The hosts in one word or a few, '' where none is concerned."""
        return ", ".join(self.hosts)

    @property
    def subject(self) -> str:
        """'basement: driver.branch = 1580', as far as there are a host, a key and a value."""
        assignment = self.key if self.value is None else f"{self.key} = {self.value}" if self.key else self.value
        return ": ".join(part for part in (self.host, assignment) if part)

    def __str__(self) -> str:
        place = f" [{self.origin}]" if self.origin else ""
        nearest = f"; did you mean {self.nearest}?" if self.nearest else "."
        head = f"{self.subject}{place}" if self.subject else str(self.origin or "declaration")
        return f"{head}: expected {self.expected}{nearest} {self.advice}".strip()

    def as_dict(self) -> dict[str, object]:
        """The fault as plain data for JSON."""
        return {
            "id": self.id,
            "severity": self.severity,
            "hosts": list(self.hosts),
            "key": self.key or None,
            "value": self.value,
            "expected": self.expected,
            "nearest": self.nearest,
            "set_at": self.origin.text if self.origin else None,
            "advice": self.advice,
        }


class DeclarationError(Exception):
    """The declaration cannot be used: all of its faults, of all hosts, in the order of the hosts."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = merged(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"The declaration has {count} fault{'s' if count > 1 else ''}; nothing was connected to."
        return "\n".join([head, *(f"  {number}. {fault}" for number, fault in enumerate(self.faults, 1))])


def merged(faults: list[Fault]) -> list[Fault]:
    """The same fault of several hosts (a line in a profile, a group's data) as one fault of them all."""
    together: dict[Fault, tuple[str, ...]] = {}
    for fault in faults:
        bare = replace(fault, hosts=())
        hosts = together.get(bare, ())
        together[bare] = (*hosts, *(host for host in fault.hosts if host not in hosts))
    return [replace(fault, hosts=hosts) for fault, hosts in together.items()]

"""What a run found and did, host by host, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became, or would become, of one operation on one host."""

    UNCHANGED = "unchanged"
    WOULD_CHANGE = "would change"
    DEPENDS = "depends on earlier"
    OUTSTANDING = "outstanding"
    """Not as declared, and this run does nothing about it; the remarks say why."""
    CHANGED = "changed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_REACHED = "not reached"


class Outcome(StrEnum):
    """What became of a host."""

    AS_DECLARED = "as declared"
    PENDING = "changes pending"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "could not reach"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class OperationResult:
    """One operation on one host."""

    layer: str
    """The layer's name; empty for operations outside of any layer."""
    name: str
    status: Status
    why: tuple[str, ...] = ()
    """Why it acts, one line a reason."""
    remarks: tuple[str, ...] = ()
    """What a reader should know, though the operation does nothing about it."""
    depends_on: tuple[str, ...] = ()
    """Names (``layer | name``) of the earlier operations whose effect decides about this one."""
    commands: tuple[str, ...] = ()
    """What was run, secrets masked. Only of operations that ran."""
    error: str | None = None
    seconds: float | None = None

    @property
    def title(self) -> str:
        """``layer | name``."""
        return f"{self.layer} | {self.name}" if self.layer else self.name

    @property
    def pending(self) -> bool:
        """Whether it would change the host, or may."""
        return self.status in (Status.WOULD_CHANGE, Status.DEPENDS)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; what does not apply is left out."""
        found: dict[str, Any] = {"layer": self.layer, "name": self.name, "status": str(self.status)}
        if self.why:
            found["why"] = list(self.why)
        if self.remarks:
            found["remarks"] = list(self.remarks)
        if self.depends_on:
            found["depends_on"] = list(self.depends_on)
        if self.commands:
            found["commands"] = list(self.commands)
        if self.error is not None:
            found["error"] = self.error
        if self.seconds is not None:
            found["seconds"] = round(self.seconds, 3)
        return found


@dataclass(frozen=True)
class HostResult:
    """One host: its outcome and its operations, in order."""

    host: str
    outcome: Outcome
    operations: tuple[OperationResult, ...] = ()
    error: str | None = None
    """Why the host as a whole failed or could not be reached."""
    remark: str | None = None
    """What to say of the way in: that it is not the declared one."""

    @property
    def pending(self) -> tuple[OperationResult, ...]:
        """The operations that would, or may, change the host."""
        return tuple(operation for operation in self.operations if operation.pending)

    def with_status(self, *statuses: Status) -> tuple[OperationResult, ...]:
        """The operations that have one of these statuses."""
        return tuple(operation for operation in self.operations if operation.status in statuses)

    def layers(self) -> dict[str, list[OperationResult]]:
        """The operations by layer, in order."""
        found: dict[str, list[OperationResult]] = {}
        for operation in self.operations:
            found.setdefault(operation.layer, []).append(operation)
        return found

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found: dict[str, Any] = {
            "host": self.host,
            "outcome": str(self.outcome),
            "operations": [operation.as_dict() for operation in self.operations],
        }
        if self.error is not None:
            found["error"] = self.error
        if self.remark is not None:
            found["remark"] = self.remark
        return found


class Watcher:
    """Who wants to know how a run goes on: every method is called as it happens, and does nothing by default."""

    def connecting(self, hosts: Sequence[str]) -> None:
        """All hosts are being connected to."""

    def connected(self, host: str, remark: str | None = None) -> None:
        """The host is connected to, and commands run there as root. ``remark``: what to say of the way in."""

    def looking(self, host: str, title: str) -> None:
        """The host is being looked at for the operation ``layer | name``."""

    def looked(self, result: HostResult) -> None:
        """The host's plan is complete, or the host has failed or could not be reached."""

    def started(self, host: str, title: str) -> None:
        """An operation begins to run."""

    def finished(self, host: str, result: OperationResult) -> None:
        """An operation has run."""

    def stopping(self) -> None:
        """The run was asked to stop, and waits for the commands that are running."""

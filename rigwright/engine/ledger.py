"""What is known of one host's operations beside pyinfra's own state: names, reasons, dependences, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta
from pyinfra.connectors.util import CommandOutput
from pyinfra.context import ctx_host

if TYPE_CHECKING:
    from rigwright.engine.way_in import WayIn


@dataclass
class Ledger:
    """One host's entries; keys are operation hashes."""

    names: dict[str, str] = field(default_factory=dict)
    """``layer | name`` as this host's operations are called; pyinfra keeps one name for all hosts."""
    planned: dict[str, list[str]] = field(default_factory=dict)
    executed: dict[str, list[str]] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """What a reader should know, though nothing is done about it."""
    outstanding: set[str] = field(default_factory=set)
    """Operations that found the host not as declared, and do nothing about it: their remarks say why."""
    postponed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Hashes of the earlier operations on which each depends; these operations were not evaluated while planning."""
    errors: dict[str, str] = field(default_factory=dict)
    failure: str | None = None
    """Why the host as a whole has failed, outside of any operation."""
    lost: bool = False
    """The connection was lost, or never came to be: nothing can be said of the host's state."""
    way_in: WayIn | None = None
    """Where the host has been met in this run; None: not yet, or not by SSH."""
    strange_at: int | None = None
    """The port at which the host showed a key that is not known to be its own; None: it did not."""
    interrupted: dict[str, str] = field(default_factory=dict)
    """Operations that were stopped on the way, and how."""
    on_name: Callable[[str], None] | None = None
    """Told ``layer | name`` of each operation as it is about to be looked at."""
    depends: dict[str, list[OperationMeta]] = field(default_factory=dict)
    """What each operation was told to wait for, while judging them is put off until all are known."""
    deferring: bool = False
    waiting: list[OperationMeta] = field(default_factory=list)
    last_output: CommandOutput | None = None
    last_error: str | None = None

    def reasons(self, op_hash: str) -> list[str]:
        """Why the operation acts: as seen when it ran, or else as seen when it was planned."""
        return self.executed.get(op_hash) or self.planned.get(op_hash, [])

    def postpone(self, op_hash: str, causes: Iterable[OperationMeta]) -> None:
        """Enter that the operation is not judged before ``causes`` have run."""
        self.postponed[op_hash] = tuple(dict.fromkeys(meta._hash for meta in causes))
        self.planned.pop(op_hash, None)
        self.unsay(op_hash)

    def unsay(self, op_hash: str) -> None:
        """Forget the operation's remarks: it is looked at anew."""
        self.remarks.pop(op_hash, None)
        self.outstanding.discard(op_hash)


_ledgers: WeakKeyDictionary[Host, Ledger] = WeakKeyDictionary()


def ledger_of(host: Host) -> Ledger:
    """The host's ledger, made on first use."""
    return _ledgers.setdefault(host, Ledger())


def current_host() -> Host | None:
    """The host whose operations are being called, if pyinfra is calling any."""
    host = ctx_host.get()
    return host if isinstance(host, Host) else None

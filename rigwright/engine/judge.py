"""Which operations would change a host, found out with few round trips.

All operations are called first, none is judged. Then each is looked at until it asks for a fact that has not been read;
all these facts are read in one command; and so on, until everything is decided. That takes as many commands as the
longest chain of facts in one operation, two or three, where asking one by one takes one for each fact.

An operation that waits for another (`after`) is decided after that one. Until then it is looked at as if the other
changed nothing, only to learn which facts it will ask for: where nothing is to do, everything is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from pyinfra import logger
from pyinfra.api import State
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host

from rigwright.engine.fact_cache import Collecting, NotRead, collecting, fetch
from rigwright.engine.isolation import described
from rigwright.engine.ledger import Ledger, ledger_of


def judge(state: State, host: Host) -> None:
    """Decide every operation that has been called on the host: ``_maybe_is_change``, or postponed, or an error."""
    ledger = ledger_of(host)
    undecided = [op_hash for op_hash in host.op_hash_order if op_hash in state.ops[host]]
    while undecided and not ledger.lost:
        with collecting(host) as collected:
            left = [op_hash for op_hash in undecided if not _decided(state, host, ledger, op_hash, collected)]
        if collected.wanted:
            fetch(host, list(collected.wanted.values()))
        elif len(left) == len(undecided):
            raise RuntimeError(f"operations that wait for one another: {[ledger.names[each] for each in left]}")
        undecided = left


def _decided(state: State, host: Host, ledger: Ledger, op_hash: str, collected: Collecting) -> bool:
    meta = state.ops[host][op_hash].operation_meta
    causes = ledger.depends.get(op_hash, [])
    changing = [cause for cause in causes if cause._maybe_is_change]
    if changing:
        ledger.postpone(op_hash, changing)
        meta._maybe_is_change = True
        return True
    collected.supposing = any(cause._maybe_is_change is None for cause in causes)
    if ledger.on_name is not None:
        ledger.on_name(ledger.names[op_hash])
    ledger.planned.pop(op_hash, None)
    ledger.unsay(op_hash)
    try:
        changes = _yields(state.ops[host][op_hash].command_generator())
    except NotRead:
        return False
    except Exception as error:
        if collected.supposing:
            return False
        ledger.errors[op_hash] = described(error)
        logger.error(f"{host.print_prefix}{ledger.errors[op_hash]}")
        changes = True  # whatever waits for it cannot be judged
    if collected.supposing:
        return False
    meta._maybe_is_change = changes
    return True


def read_ahead(state: State, host: Host, op_hashes: Sequence[str]) -> None:
    """Read what these operations will ask for in a few commands, now that what was known of the host is forgotten."""
    ledger = ledger_of(host)
    while True:
        with collecting(host) as collected:
            collected.supposing = True
            for op_hash in op_hashes:
                with suppress(NotRead, Exception):  # when its turn comes, it will fail in earnest
                    _yields(state.ops[host][op_hash].command_generator())
                ledger.executed.pop(op_hash, None)
                ledger.unsay(op_hash)
        if len(collected.wanted) < 2:
            return
        fetch(host, list(collected.wanted.values()))


def _yields(commands: Iterator[PyinfraCommand]) -> bool:
    try:
        return next(commands, None) is not None
    finally:
        close = getattr(commands, "close", None)
        if close is not None:  # now, not some time: the operation marks the host as its own while it is open
            close()

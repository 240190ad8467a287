"""From pyinfra's state and our ledger to a host's result."""

from __future__ import annotations

from collections.abc import Mapping

from pyinfra.api import State
from pyinfra.api.host import Host
from pyinfra.api.state import StateOperationHostData

from rigwright.engine.ledger import Ledger, ledger_of
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status


def result_of(
    state: State, host: Host, executed: bool, stopped: bool, seconds: Mapping[tuple[Host, str], float]
) -> HostResult:
    """The host as it stands: planned only, or ``executed`` as far as it went; ``stopped``: the run was asked to."""
    operations = tuple(
        operation_of(state, host, op_hash, executed, seconds.get((host, op_hash))) for op_hash in host.op_hash_order
    )
    ledger = ledger_of(host)
    failed = next((operation for operation in operations if operation.status is Status.FAILED), None)
    error = ledger.failure or (failed.error if failed and ledger.lost else None)
    outcome = _outcome(ledger, operations, failed, executed, stopped)
    return HostResult(host.name, outcome, operations, error, ledger.way_in.remark if ledger.way_in else None)


def operation_of(
    state: State, host: Host, op_hash: str, executed: bool, seconds: float | None = None
) -> OperationResult:
    """One operation of the host."""
    ledger = ledger_of(host)
    layer, separator, name = ledger.names[op_hash].partition(" | ")
    data = state.ops[host].get(op_hash)
    status = _status(ledger, op_hash, data, executed)
    commands = (data.operation_meta._commands or []) if data else []
    return OperationResult(
        layer=layer if separator else "",
        name=name if separator else layer,
        status=status,
        why=() if status is Status.UNCHANGED else tuple(ledger.reasons(op_hash)),
        remarks=tuple(ledger.remarks.get(op_hash, ())),
        depends_on=tuple(ledger.names[each] for each in ledger.postponed.get(op_hash, ())),
        commands=tuple(str(command) for command in commands),
        error=ledger.errors.get(op_hash) or ledger.interrupted.get(op_hash),
        seconds=seconds,
    )


def _status(ledger: Ledger, op_hash: str, data: StateOperationHostData | None, executed: bool) -> Status:
    if op_hash in ledger.errors or data is None:
        return Status.FAILED
    if op_hash in ledger.interrupted:
        return Status.INTERRUPTED
    meta = data.operation_meta
    if executed:
        if not meta.is_complete():
            return Status.NOT_REACHED
        done, changed = meta.did_change() and op_hash not in ledger.outstanding, Status.CHANGED
    elif op_hash in ledger.postponed:
        return Status.DEPENDS
    else:
        done, changed = bool(meta._maybe_is_change), Status.WOULD_CHANGE
    if done:
        return changed
    return Status.OUTSTANDING if op_hash in ledger.outstanding else Status.UNCHANGED


def _outcome(
    ledger: Ledger,
    operations: tuple[OperationResult, ...],
    failed: OperationResult | None,
    executed: bool,
    stopped: bool,
) -> Outcome:
    statuses = {operation.status for operation in operations}
    if ledger.lost:
        return Outcome.UNREACHABLE
    if failed or ledger.failure:
        return Outcome.FAILED
    if not executed:
        pending = any(operation.pending for operation in operations)
        if pending and stopped:
            return Outcome.INTERRUPTED
        return Outcome.PENDING if pending or Status.OUTSTANDING in statuses else Outcome.AS_DECLARED
    if statuses & {Status.INTERRUPTED, Status.NOT_REACHED}:
        return Outcome.INTERRUPTED
    changed = Outcome.CHANGED if Status.CHANGED in statuses else Outcome.AS_DECLARED
    return Outcome.PENDING if Status.OUTSTANDING in statuses else changed

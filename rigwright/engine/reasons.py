"""Why an operation acts, what it waits for, and when it refuses: what operations say to the plan.

Words for operations and tasks, all of them harmless when an operation runs under plain pyinfra or in a unit test:

    @operation()
    def package(name: str) -> Iterator[str]:
        if name not in host.get_fact(Packages).installed:
            because(f"package {name}: absent, wanted")   # before the first yield: the plan shows it
            yield f"apt-get install -y {name}"

    installed = apt.install(name="Install the toolkit", ...)
    with after(installed):                              # not judged by facts that are about to change
        cdi.specification(name="Write the CDI specification")

    remark("the host has no UEFI")                      # shown, though nothing is done about it
    outstanding("a reboot is needed, and not allowed")  # shown too, and the host is not as declared
    refuse(host, "disabling passwords would leave nobody a way in")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from pyinfra import logger
from pyinfra.api.exceptions import OperationError
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta
from pyinfra.api.state import StateStage

from rigwright.engine.ledger import current_host, ledger_of


class Refused(OperationError):
    """An operation found that doing its work on ``host`` would do harm; nothing of it has been done."""

    def __init__(self, host: Host, text: str) -> None:
        super().__init__(text)
        self.host = host


def because(text: str) -> None:
    """Say, before an operation's first ``yield``, why it acts: one line, no secret. Several calls are several reasons.

    Outside an operation that pyinfra runs (a unit test calling ``_inner``) there is no plan to tell: nothing happens.
    """
    host = current_host()
    if host is None or host.current_op_hash is None:
        return
    ledger = ledger_of(host)
    book = ledger.executed if host.state.current_stage >= StateStage.Execute else ledger.planned
    line = _noted(book, host.current_op_hash, text)
    if line and host.state.print_noop_info:
        logger.info(f"{host.print_prefix}because: {line}")


def remark(text: str) -> None:
    """Say something that its reader should know though the operation does nothing about it: one line, no secret.

    The plan and the outcome show it even where the operation changes nothing; plain pyinfra warns.
    """
    host = current_host()
    if host is None or host.current_op_hash is None:
        return
    line = _noted(ledger_of(host).remarks, host.current_op_hash, text)
    if line:
        logger.warning(f"{host.print_prefix}{line}")


def outstanding(text: str) -> None:
    """Say what keeps the host from its declared state though this run does nothing about it: one line, no secret.

    As `remark`; and the host's outcome is that changes are pending, after an apply too.
    """
    remark(text)
    host = current_host()
    if host is not None and host.current_op_hash is not None:
        ledger_of(host).outstanding.add(host.current_op_hash)


def _noted(book: dict[str, list[str]], op_hash: str, text: str) -> str | None:
    """The text in one line, entered unless it is there already; None if it was."""
    lines = book.setdefault(op_hash, [])
    line = " ".join(text.split())
    if line in lines:
        return None
    lines.append(line)
    return line


@contextmanager
def after(*metas: OperationMeta | None) -> Iterator[None]:
    """Hold back judgement on the operations called in this block until ``metas`` have run.

    If any of ``metas`` will change the host, the block's operations are not evaluated while planning: the plan shows
    that they depend on it. Otherwise they are evaluated as usual. When they run, they always look at the host as it is
    then. ``None`` stands for an earlier operation that was not called at all, and is ignored.
    """
    host = current_host()
    if host is None:
        yield
        return
    waiting = ledger_of(host).waiting
    added = [meta for meta in metas if meta is not None]
    waiting.extend(added)
    try:
        yield
    finally:
        del waiting[len(waiting) - len(added) :]


def changes_in(layer: str, *names: str) -> list[OperationMeta]:
    """The operations of an earlier layer on the current host; `after` waits for those of them that will change it.

    ``with after(*changes_in("driver")):``; ``names``: only those. Empty when that layer is not part of the run.
    """
    host = current_host()
    if host is None:
        return []
    wanted = {f"{layer} | {name}" for name in names}
    called = [
        op
        for op, name in ledger_of(host).names.items()
        if (name in wanted if wanted else name.startswith(f"{layer} | "))
    ]
    return [host.state.ops[host][op].operation_meta for op in called if op in host.state.ops[host]]


def refuse(host: Host, text: str) -> NoReturn:
    """Fail this host, and no other, before anything of the calling operation is done.

    ``text`` says what was found, what harm the operation would do, and what to do instead.
    Seen while planning, the host is not touched at all.
    """
    raise Refused(host, text)

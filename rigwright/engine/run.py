"""Plan and apply in this process, with pyinfra's own loader, all hosts side by side.

Each host goes through its operations at its own pace (pyinfra's command line keeps all hosts in step), so that neither
a slow host nor a failing one holds up another. Facts are read once: an apply starts from what its plan has read.
"""

from __future__ import annotations

import pyinfra_cli  # noqa: F401  (makes the process cooperative: it must come before whatever uses sockets)

# isort: split
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import gevent
import pyinfra
from pyinfra.api import Config, Inventory, State
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.operations import run_host_op
from pyinfra.api.state import BaseStateCallback, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_inventory, ctx_state
from pyinfra_cli.util import load_deploy_file, load_func

from rigwright.engine.collect import operation_of, result_of
from rigwright.engine.fact_cache import forget, is_known
from rigwright.engine.isolation import Interrupted, described, fail
from rigwright.engine.judge import judge, read_ahead
from rigwright.engine.ledger import ledger_of
from rigwright.engine.pyinfra_patch import install
from rigwright.engine.results import HostResult, Watcher
from rigwright.engine.ssh import CannotConnect
from rigwright.engine.stranger import Stranger, met
from rigwright.spec.connection import Connection

DEPLOY = "deploy.py"
Answer = TypeVar("Answer")
GOODBYE_S = 10
"""How long ending the connections may take."""


@dataclass(frozen=True)
class Unanswered:
    """A host that could not be asked, or did not answer. ``lost``: it was not reached, or lost on the way."""

    why: str
    lost: bool = False


class Run:
    """One plan of some hosts, and at most one apply of it. One at a time: pyinfra keeps its state in globals."""

    def __init__(
        self,
        root: Path,
        connections: Mapping[str, Connection],
        *,
        data: Mapping[str, Any] | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """``root``: the folder with deploy.py; ``data``: what ``pyinfra --data`` would give, such as ``layers``."""
        if ctx_state.isset():
            raise RuntimeError("there is a run in this process that has not been closed; pyinfra allows one at a time")
        install(root)
        for noisy in ("pyinfra", "paramiko"):  # what they say is in the results; whoever wants more adds a handler
            logging.getLogger(noisy).addHandler(logging.NullHandler())
            logging.getLogger(noisy).propagate = False
        pyinfra.is_cli = True  # operations are ordered by their place in the deploy, as in pyinfra's own command line
        if str(root) not in sys.path:
            sys.path.append(str(root))
        self.watcher = watcher or Watcher()
        self._root = root
        self._hosts = list(connections)
        self._state = State(check_for_changes=True)
        self._state.cwd = str(root)
        ctx_state.set(self._state)
        config = Config()
        ctx_config.set(config)
        named = [(name, each.model_dump(by_alias=True, exclude_none=True)) for name, each in connections.items()]
        self._inventory = Inventory((named, {}), override_data=dict(data or {}))
        ctx_inventory.set(self._inventory)
        self._state.init(self._inventory, config)
        self._state.add_callback_handler(_Connecting(self.watcher))
        self._executed: set[Host] = set()
        self._seconds: dict[tuple[Host, str], float] = {}
        self._stop = False

    def plan(self, deploy: Callable[[], None] | None = None) -> list[HostResult]:
        """Connect to the hosts and find out what an apply would do. Nothing on them is changed.

        ``deploy``: called for each host instead of the project's deploy.py. KeyboardInterrupt passes through.
        """
        self._connect()
        for host in self._inventory:
            ledger = ledger_of(host)
            ledger.on_name = lambda title, name=host.name: self.watcher.looking(name, title)
            ledger.deferring = True
            if not host.connected:
                self.watcher.looked(self._result(host))
        if self._state.active_hosts:
            with self._some_may_fail():
                if deploy is None:
                    load_deploy_file(self._state, str(self._root / DEPLOY))
                else:
                    load_func(self._state, deploy)
        gevent.joinall([gevent.spawn(self._judge_host, host) for host in self._inventory if host.connected])
        return [self._result(host) for host in self._inventory]

    def ask(self, question: Callable[[Host], Answer]) -> dict[str, Answer | Unanswered]:
        """Connect, and put a question to each host, whose facts it may get; nothing on them is changed.

        Instead of a plan or before it, as often as one likes: no deploy is loaded. KeyboardInterrupt passes through.
        """
        self._connect()
        return {host.name: self._answer(host, question) for host in self._inventory}

    def stranger(self, name: str) -> Stranger | None:
        """Who was met in place of a host that could not be connected to; None: that is not why."""
        return met(next(host for host in self._inventory if host.name == name))

    def _answer(self, host: Host, question: Callable[[Host], Answer]) -> Answer | Unanswered:
        if not host.connected:
            return Unanswered(ledger_of(host).failure or "it could not be reached", ledger_of(host).lost)
        with ctx_host.use(host), ctx_config.use(self._state.config.copy()):
            try:
                return question(host)
            except Exception as error:  # of what was asked; the other hosts are asked all the same
                return Unanswered(described(error), ledger_of(host).lost)

    def _connect(self) -> None:
        """Once, whoever comes first."""
        if self._state.current_stage >= StateStage.Prepare:
            return
        self.watcher.connecting(self._hosts)
        self._state.set_stage(StateStage.Connect)
        with self._some_may_fail():
            connect_all(self._state)
        self._state.set_stage(StateStage.Prepare)

    def forget(self) -> None:
        """Read all facts anew from here on: time has passed since the plan, and somebody may have changed things."""
        for host in self._inventory:
            forget(host)

    def apply(self) -> list[HostResult]:
        """Do what the plan found. Hosts that failed in it, or have nothing to do, are left alone.

        SIGINT stops the run after the commands that are running now; a second one leaves them running on the hosts.
        """
        hosts = [host for host in self._state.active_hosts if self._result(host).pending]
        self._state.set_stage(StateStage.Execute)
        self._state.is_executing = True
        greenlets = [gevent.spawn(self._apply_host, host) for host in hosts]
        with self._stoppable():
            try:
                gevent.joinall(greenlets)
            except KeyboardInterrupt:
                for host in hosts:
                    if host.executing_op_hash is not None:
                        ledger_of(host).interrupted[host.executing_op_hash] = "its command was left running on the host"
                gevent.killall(greenlets)
        return [self._result(host) for host in self._inventory]

    def close(self) -> None:
        """End the connections; after that there may be another run."""
        with gevent.Timeout(GOODBYE_S, False):
            for host in self._state.activated_hosts:
                if not ledger_of(host).lost:
                    host.disconnect()
                client = getattr(host.connector, "client", None)
                if client is not None:
                    client.close()
        for context in (ctx_state, ctx_inventory, ctx_config):
            context.reset()

    def _result(self, host: Host) -> HostResult:
        return result_of(self._state, host, host in self._executed, self._stop, self._seconds)

    def _judge_host(self, host: Host) -> None:
        ledger = ledger_of(host)
        ledger.deferring = False
        if ledger.failure is None and not ledger.errors:
            with ctx_host.use(host), ctx_config.use(self._state.config.copy()):
                try:
                    judge(self._state, host)
                except Exception as error:
                    ledger.failure = described(error)
        if ledger.failure or ledger.errors:
            with self._some_may_fail():
                fail(self._state, host)
        self.watcher.looked(self._result(host))

    def _apply_host(self, host: Host) -> None:
        self._executed.add(host)
        ledger = ledger_of(host)
        with ctx_host.use(host):
            ahead = [each for each in host.op_hash_order if each in self._state.ops[host]]
            while ahead and not self._stop:
                op_hash = ahead[0]
                try:
                    if not is_known(host):
                        read_ahead(self._state, host, self._until_change(host, ahead))
                    succeeded = self._apply_operation(host, op_hash)
                except Interrupted:
                    return
                except Exception as error:  # of the engine itself; this host's story ends, the others' go on
                    ledger.failure = described(error)
                    return
                if not succeeded:
                    return
                ahead.pop(0)

    def _until_change(self, host: Host, op_hashes: list[str]) -> list[str]:
        """These operations up to the first that was planned to change the host, and so to make all facts unknown."""
        found = []
        for op_hash in op_hashes:
            found.append(op_hash)
            if self._state.ops[host][op_hash].operation_meta._maybe_is_change:
                break
        return found

    def _apply_operation(self, host: Host, op_hash: str) -> bool:
        data = self._state.get_op_data_for_host(host, op_hash)
        data.command_generator = self._stopping_between(host, op_hash, data.command_generator)
        ledger_of(host).unsay(op_hash)
        self.watcher.started(host.name, ledger_of(host).names[op_hash])
        began = time.monotonic()
        try:
            return run_host_op(self._state, host, op_hash)
        finally:
            self._seconds[host, op_hash] = time.monotonic() - began
            spent = self._seconds[host, op_hash]
            self.watcher.finished(host.name, operation_of(self._state, host, op_hash, True, spent))

    def _stopping_between(
        self, host: Host, op_hash: str, commands: Callable[[], Iterator[PyinfraCommand]]
    ) -> Callable[[], Iterator[PyinfraCommand]]:
        def until_stopped() -> Iterator[PyinfraCommand]:
            for number, command in enumerate(commands()):
                if self._stop:
                    if number:
                        ledger_of(host).interrupted[op_hash] = f"stopped after {number} of its commands"
                    raise Interrupted
                yield command

        return until_stopped

    @contextmanager
    def _some_may_fail(self) -> Iterator[None]:
        """Pyinfra raises when no host is left; each host's reason is in its ledger, and that is enough."""
        try:
            yield
        except PyinfraError:
            if self._state.active_hosts:
                raise

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        main = gevent.getcurrent()

        def interrupt() -> None:
            if self._stop:
                gevent.kill(main, KeyboardInterrupt)
                return
            self._stop = True
            self.watcher.stopping()

        handler = gevent.signal_handler(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            handler.cancel()
            signal.signal(signal.SIGINT, signal.default_int_handler)


class _Connecting(BaseStateCallback):
    """Tells the watcher who is there, and the ledgers who is not."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def host_connect(self, state: State, host: Host) -> None:  # type: ignore[override]
        """Pyinfra has connected."""
        if state.current_stage == StateStage.Connect:
            way_in = ledger_of(host).way_in
            self._watcher.connected(host.name, way_in.remark if way_in else None)

    def host_connect_error(self, state: State, host: Host, error: Exception) -> None:  # type: ignore[override]
        """Pyinfra could not connect. (Later on, whoever reconnects after a reboot deals with it himself.)"""
        if state.current_stage == StateStage.Connect:
            ledger = ledger_of(host)
            ledger.failure = str(error)
            ledger.lost = not (isinstance(error, CannotConnect) and error.trouble == "not root")

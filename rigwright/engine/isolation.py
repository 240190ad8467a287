"""One host's trouble is that host's alone.

pyinfra lets an exception in a deploy, in a fact's parser or in an operation of one host end the run of all hosts, and
goes on with a fact's default value when the fact could not be read. Here the host fails, with the error's text in its
ledger, and nothing more is done to it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pyinfra_cli.util
from pyinfra import logger
from pyinfra.api import facts, operations
from pyinfra.api.command import FunctionCommand
from pyinfra.api.exceptions import FactNotCollected, NestedOperationError, PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors.util import CommandOutput
from pyinfra_cli.exceptions import UnexpectedExternalError

from rigwright.engine.contract import replace
from rigwright.engine.ledger import current_host, ledger_of
from rigwright.engine.output import telling_lines
from rigwright.engine.ssh import ConnectionLost


class FactFailed(PyinfraError):
    """A fact could not be read or understood; going on with its default would be guessing."""


class Interrupted(Exception):
    """Somebody asked the run to stop; the command that was running has finished."""


def install() -> None:
    """Keep the hosts' failures apart. To be called once, after the fact cache's own installation."""
    replace(Host, "run_shell_command", ["self", "args", "kwargs"], _remembering)
    replace(
        facts, "_get_fact", ["state", "host", "cls", "args", "kwargs", "ensure_hosts", "apply_failed_hosts"], _certain
    )
    replace(pyinfra_cli.util, "_parallel_load_hosts", ["state", "callback", "name"], _loading_apart)
    replace(FunctionCommand, "execute", ["self", "state", "host", "connector_arguments"], _remembering_callback)
    replace(operations, "_run_host_op", ["state", "host", "op_hash"], _running_apart)


def described(error: BaseException) -> str:
    """The error as one would say it: our own and pyinfra's by their text, others with their kind and place."""
    if isinstance(error, UnexpectedExternalError):
        error = error.exception
    if isinstance(error, PyinfraError) or type(error).__module__.partition(".")[0] == "rigwright":
        return str(error)
    frames = traceback.extract_tb(getattr(error, "_traceback", None) or error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def fail(state: State, host: Host) -> None:
    """Let no further operation run on the host. Raises PyinfraError when it was the last one."""
    if host not in state.failed_hosts:
        state.fail_hosts({host})


def _remembering(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run_shell_command(self: Host, *args: Any, **kwargs: Any) -> tuple[bool, CommandOutput]:
        ledger = ledger_of(self)
        ledger.last_output, ledger.last_error = None, None
        try:
            status, output = original(self, *args, **kwargs)
        except Exception as error:
            ledger.last_error = _in_words(error, kwargs)
            ledger.lost = ledger.lost or isinstance(error, ConnectionLost)
            raise
        ledger.last_output = output
        return status, output

    return run_shell_command


def _in_words(error: Exception, arguments: dict[str, Any]) -> str:
    if type(error) is TimeoutError and not error.args:
        return f"no end after {arguments.get('_timeout')} s; the command may still be running on the host"
    return described(error)


def _remembering_callback(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def execute(self: FunctionCommand, state: State, host: Host, connector_arguments: Any) -> Any:
        ledger = ledger_of(host)
        ledger.last_output, ledger.last_error = None, None
        try:
            return original(self, state, host, connector_arguments)
        except NestedOperationError:
            raise
        except Exception as error:
            ledger.last_error = described(error)
            ledger.lost = ledger.lost or isinstance(error, ConnectionLost)
            raise

    return execute


def _certain(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_fact(
        state: State,
        host: Host,
        cls: type[facts.FactBase[Any]],
        args: Any = None,
        kwargs: Any = None,
        ensure_hosts: Any = None,
        apply_failed_hosts: bool = True,
    ) -> Any:
        had_failed = host in state.failed_hosts
        try:
            data = original(state, host, cls, args, kwargs, ensure_hosts, apply_failed_hosts)
        except (FactNotCollected, FactFailed):
            raise
        except Exception as error:
            if host in state.failed_hosts and not had_failed:
                raise FactFailed(_unread(host, cls)) from error
            raise FactFailed(f"could not understand {cls.name}: {described(error)}") from error
        if host in state.failed_hosts and not had_failed:
            raise FactFailed(_unread(host, cls))
        return data

    return get_fact


def _unread(host: Host, cls: type[facts.FactBase[Any]]) -> str:
    ledger = ledger_of(host)
    why = ledger.last_error or "; ".join(telling_lines(ledger.last_output)) or "its command failed without a word"
    return f"could not read {cls.name}: {why}"


def _loading_apart(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def parallel_load_hosts(state: State, callback: Callable[[], Any], name: str) -> None:
        def load() -> None:
            try:
                callback()
            except Exception as error:
                host = current_host()
                if host is None:
                    raise
                ledger = ledger_of(host)
                text = described(error)
                broken = host.op_hash_order[-1] if host.op_hash_order else None
                if broken is not None and broken not in state.ops[host]:
                    ledger.errors[broken] = text
                else:
                    ledger.failure = text
                logger.error(f"{host.print_prefix}{text}")
                logger.debug("%s", traceback.format_exc())
                fail(state, host)

        original(state, load, name)

    return parallel_load_hosts


def _running_apart(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run_host_op(state: State, host: Host, op_hash: str) -> bool:
        ledger = ledger_of(host)
        ledger.last_output, ledger.last_error = None, None
        try:
            succeeded = bool(original(state, host, op_hash))
        except Interrupted:
            raise
        except Exception as error:
            ledger.errors[op_hash] = described(error)
            logger.error(f"{host.print_prefix}{ledger.errors[op_hash]}")
            logger.debug("%s", traceback.format_exc())
            meta = state.get_op_data_for_host(host, op_hash).operation_meta
            if not meta.is_complete():
                meta.set_complete(False, [], CommandOutput([]))
            state.get_results_for_host(host).error_ops += 1
            state.trigger_callbacks("operation_host_error", host, op_hash, 0, 0)
            return False
        if succeeded:
            ledger.lost = False  # an operation that reboots the host loses it and finds it again
        else:
            lines = telling_lines(ledger.last_output)
            ledger.errors[op_hash] = ledger.last_error or "\n".join(lines) or "the command failed without a word"
        return succeeded

    return run_host_op

"""Each fact once: what has been read of a host stays known until a command runs on it.

pyinfra reads a fact anew each time it is asked for, and a plan followed by an apply asks for everything twice.
Whatever is run on a host (a command, an upload, a Python callback) makes all that was known of it unknown again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from pyinfra.api import facts
from pyinfra.api.command import FunctionCommand, StringCommand
from pyinfra.api.hiddenvalue import HiddenValue
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors.util import CommandOutput

from rigwright.engine import batch
from rigwright.engine.contract import replace


class NotRead(BaseException):
    """A fact was asked for that has not been read, where facts are only being collected.

    Not an Exception: no operation must take it for an error of its own.
    """


@dataclass(frozen=True)
class Request:
    """A fact that somebody wants: the command that reads it, and how commands run on the host."""

    command: str
    arguments: Mapping[str, Any]

    @property
    def id(self) -> Any:
        """Two requests with the same id are answered by the same command."""
        return (self.command, _frozen(self.arguments))


@dataclass
class Collecting:
    """While facts are collected, one that has not been read ends whoever asked for it, and is entered here."""

    wanted: dict[Any, Request] = field(default_factory=dict)
    supposing: bool = False
    """Whoever asks may be asking in vain: he is told what the host said, but no failure counts."""


@dataclass
class _Known:
    facts: dict[Any, Any] = field(default_factory=dict)
    answers: dict[Any, tuple[bool, CommandOutput]] = field(default_factory=dict)
    """What commands of facts have printed that nobody has made a fact of yet."""
    alone: set[Any] = field(default_factory=set)
    """Requests that have to be read one by one."""
    reading: int = 0
    collecting: Collecting | None = None


_known: WeakKeyDictionary[Host, _Known] = WeakKeyDictionary()


def forget(host: Host) -> None:
    """Nothing is known of the host any more: the next facts are read from it."""
    _of(host).facts.clear()
    _of(host).answers.clear()


@contextmanager
def collecting(host: Host) -> Iterator[Collecting]:
    """In this block facts that have not been read are not read, but collected."""
    known = _of(host)
    known.collecting = Collecting()
    try:
        yield known.collecting
    finally:
        known.collecting = None


def fetch(host: Host, requests: Collection[Request]) -> None:
    """Read all these, in one command for each way of running commands; asked for again, they become facts."""
    known = _of(host)
    ways: dict[Any, list[Request]] = {}
    for request in requests:
        ways.setdefault(_frozen(request.arguments), []).append(request)
    for alike in ways.values():
        mark = f"rigwright-{secrets.token_hex(8)}"
        script = batch.script([request.command for request in alike], mark)
        with _reading(known):
            _, output = host.run_shell_command(StringCommand("sh -s"), **{**alike[0].arguments, "_stdin": [script]})
        found = batch.answers(output, mark)
        for number, request in enumerate(alike):
            if number in found:
                status, printed = found[number]
                known.answers[request.id] = status in (request.arguments["_success_exit_codes"] or [0]), printed
            else:
                known.alone.add(request.id)


def is_known(host: Host) -> bool:
    """Whether anything is known of the host since it was last changed."""
    known = _of(host)
    return bool(known.facts or known.answers)


def install() -> None:
    """Put the cache between pyinfra's facts and its connectors. To be called once."""
    replace(
        facts, "_get_fact", ["state", "host", "cls", "args", "kwargs", "ensure_hosts", "apply_failed_hosts"], _cached
    )
    for name in ("run_shell_command", "put_file", "get_file", "rsync"):
        replace(Host, name, ["self", "args", "kwargs"], _forgetting)
    replace(FunctionCommand, "execute", ["self", "state", "host", "connector_arguments"], _forgetting_callback)


def _of(host: Host) -> _Known:
    return _known.setdefault(host, _Known())


def _cached(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_fact(
        state: State,
        host: Host,
        cls: type[facts.FactBase[Any]],
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        ensure_hosts: Any = None,
        apply_failed_hosts: bool = True,
    ) -> Any:
        known = _of(host)
        fact_arguments, global_arguments = facts._handle_fact_kwargs(state, host, cls, args, kwargs)
        fact_arguments.pop("self", None)
        connection = {name: global_arguments.get(name) for name in facts.CONNECTOR_ARGUMENT_KEYS}
        key = (cls, _frozen(fact_arguments), _frozen(connection))
        if key not in known.facts:
            if known.collecting is not None and _is_plain(cls):
                request = Request(_command(cls, fact_arguments), connection)
                if request.id not in known.answers:
                    if request.id not in known.alone:
                        known.collecting.wanted[request.id] = request
                    if known.collecting.supposing or request.id not in known.alone:
                        raise NotRead
                elif known.collecting.supposing:
                    return _supposed(cls, known.answers[request.id])
            elif known.collecting is not None and known.collecting.supposing:
                raise NotRead
            with _reading(known):
                data = original(state, host, cls, args, kwargs, ensure_hosts, apply_failed_hosts)
            known.facts[key] = data
        return deepcopy(known.facts[key])  # so that whoever asked may change what he was given

    return get_fact


def _is_plain(cls: type[facts.FactBase[Any]]) -> bool:
    """Whether reading the fact is running its command, and nothing else."""
    return (
        cls.requires_command is facts.FactBase.requires_command
        and cls.check_preconditions is facts.FactBase.check_preconditions
        and cls.shell_executable is None
    )


def _command(cls: type[facts.FactBase[Any]], fact_arguments: Mapping[str, Any]) -> str:
    command = facts._make_command(cls().command, dict(fact_arguments))
    return command.get_raw_value() if isinstance(command, StringCommand) else str(command)


def _supposed(cls: type[facts.FactBase[Any]], answer: tuple[bool, CommandOutput]) -> Any:
    status, output = answer
    if not status:
        raise NotRead
    try:
        return cls().process(output.stdout_lines) if output.stdout_lines else cls().default()
    except Exception:
        # A fact may fail in any way on output that it does not know. Here it is only read ahead: nothing is kept, so
        # whoever asks for it in earnest runs it anew, and gets this very error.
        raise NotRead from None


@contextmanager
def _reading(known: _Known) -> Iterator[None]:
    known.reading += 1
    try:
        yield
    finally:
        known.reading -= 1


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: Host, *args: Any, **kwargs: Any) -> Any:
        known = _of(self)
        if known.reading and known.answers:
            answer = known.answers.pop(_asked(*args, **kwargs), None)
            if answer is not None:
                return answer
        try:
            return original(self, *args, **kwargs)
        finally:
            if not known.reading:
                forget(self)

    return call


def _asked(command: Any = None, *_: Any, **arguments: Any) -> Any:
    raw = command.get_raw_value() if isinstance(command, StringCommand) else str(command)
    way = {name: arguments.get(name) for name in facts.CONNECTOR_ARGUMENT_KEYS}
    return (raw, _frozen(way))


def _forgetting_callback(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def execute(self: FunctionCommand, state: State, host: Host, connector_arguments: Any) -> Any:
        try:
            return original(self, state, host, connector_arguments)
        finally:
            forget(host)

    return execute


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((name, _frozen(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(_frozen, value))
    if isinstance(value, HiddenValue):
        return (HiddenValue, value.unmask())
    try:
        hash(value)
    except TypeError:
        return (type(value), repr(value))
    return value

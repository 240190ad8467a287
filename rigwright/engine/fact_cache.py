"""Each fact once: what has been read of a host stays known until a command runs on it.

pyinfra reads a fact anew each time it is asked for, and a plan followed by an apply asks for everything twice.
Whatever is run on a host (a command, an upload, a Python callback) makes all that was known of it unknown again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from pyinfra.api import facts
from pyinfra.api.command import FunctionCommand
from pyinfra.api.hiddenvalue import HiddenValue
from pyinfra.api.host import Host
from pyinfra.api.state import State

from rigwright.engine.contract import replace


@dataclass
class _Known:
    facts: dict[Any, Any] = field(default_factory=dict)
    reading: int = 0


_known: WeakKeyDictionary[Host, _Known] = WeakKeyDictionary()


def forget(host: Host) -> None:
    """Nothing is known of the host any more: the next facts are read from it."""
    _of(host).facts.clear()


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
            with _reading(known):
                data = original(state, host, cls, args, kwargs, ensure_hosts, apply_failed_hosts)
            known.facts[key] = data
        return deepcopy(known.facts[key])  # so that whoever asked may change what he was given

    return get_fact


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
        try:
            return original(self, *args, **kwargs)
        finally:
            if not _of(self).reading:
                forget(self)

    return call


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

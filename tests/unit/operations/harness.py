"""Operations as data: facts in, commands out.

    CASES = [
        Case("installs what is missing", apt.install, {"packages": ["htop"]}, {Packages: PackagesState()},
             commands=["apt-get … install htop"], why=["htop: absent, wanted installed"]),
    ]

    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_apt(case): case.check()

A fact's value is what its ``process`` returns; or a string, its raw output as recorded, which goes through ``process``
first; or a function of the fact's arguments. For facts that are asked about names (Files, Contents, Units, Keyrings)
it is a mapping, and what is not in it does not exist. A fact that the case does not give is an error: a case says all
it knows.

`steps` does the same for a whole layer: a Rig and a host's facts in, the layer's operations and their commands out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from pyinfra.api import Config, FactBase, Inventory, State, StringCommand
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_state

from rigwright.engine.ledger import ledger_of
from rigwright.facts.files import Contents, Files, FileState
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.units import Units, UnitState

Facts = Mapping[type[FactBase[Any]], Any]
Item = TypeVar("Item")

NO_UNIT = UnitState("not-found", "inactive", "dead", "", 0, 0.0, 0.0, False, "", True)
_ABSENT: dict[type[FactBase[Any]], tuple[str, Any]] = {
    Files: ("paths", None),
    Contents: ("paths", None),
    Units: ("names", NO_UNIT),
    Keyrings: ("paths", []),
}


@dataclass(frozen=True)
class Step:
    """One operation of a layer: its name, the commands that it would run, and why it says so.

    ``waits``: the earlier operations whose changes it waits for (`after`), by name.
    """

    name: str
    commands: tuple[str, ...]
    why: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()


@dataclass
class Case:
    """One operation, the facts that it meets, and what it should do about them.

    ``commands``: the exact commands; or, with ``has``, texts that must occur in them (and ``lacks``, that must not).
    No commands and no ``has``: nothing is to be done. ``why``: the reasons given, when they matter.
    ``refuses``: a text that must occur in the refusal.
    """

    name: str
    operation: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    has: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    why: list[str] | None = None
    refuses: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def check(self) -> None:
        """Run the operation's generator to its end and compare."""
        if self.refuses is not None:
            with pytest.raises(Exception) as refusal:
                run(self.operation, self.arguments, self.facts, self.data)
            assert type(refusal.value).__name__ == "Refused", repr(refusal.value)
            assert self.refuses in str(refusal.value)
            return
        step = run(self.operation, self.arguments, self.facts, self.data)
        if self.has:
            text = "\n".join(step.commands)
            for part in self.has:
                assert part in text, f"{part!r} is not in:\n{text}"
        else:
            assert list(step.commands) == self.commands
        for part in self.lacks:
            assert part not in "\n".join(step.commands)
        if self.why is not None:
            assert list(step.why) == self.why
        assert bool(step.commands) == bool(step.why), "an operation says why exactly when it acts"


def run(operation: Any, arguments: Mapping[str, Any], facts: Facts, data: Mapping[str, Any] | None = None) -> Step:
    """What one operation would do."""
    return _steps(lambda: operation(name="the operation", **arguments), facts, data or {})[0]


def steps(
    layer: Callable[[Any], Any], rig: Any, facts: Facts, data: Mapping[str, Any] | None = None
) -> dict[str, Step]:
    """What a layer's operations would do, by their names (without the deploy's), in order; no-ops have no commands."""
    return {step.name: step for step in _steps(lambda: layer(rig), facts, data or {})}


def _steps(call: Callable[[], Any], facts: Facts, data: Mapping[str, Any]) -> list[Step]:
    inventory = Inventory((["bench"], dict(data)))  # a host over SSH, to which nobody ever connects
    state = State(inventory, Config())
    state.current_stage = StateStage.Prepare
    # An operation that waits for another is judged all the same, whether an earlier test has changed pyinfra or not.
    state.should_check_for_changes = lambda: True  # type: ignore[method-assign]
    (host,) = inventory
    waits: dict[str | None, list[str]] = {}

    def get_fact(cls: type[FactBase[Any]], **kwargs: Any) -> Any:
        waits.setdefault(host.current_op_hash, [meta._hash for meta in ledger_of(host).waiting])
        return _fact(facts, cls, kwargs)

    host.get_fact = get_fact  # type: ignore[method-assign,assignment]
    found = []
    with ctx_state.use(state), ctx_config.use(state.config.copy()), ctx_host.use(host):
        call()
        for op_hash in host.op_hash_order:
            # A later operation may have cleared what pyinfra's first look (up to the first command) left behind.
            generator = state.get_op_data_for_host(host, op_hash).command_generator
            commands = tuple(_text(command) for command in generator())
            waited = tuple(dict.fromkeys(_name(state, each) for each in waits.get(op_hash, [])))
            found.append(Step(_name(state, op_hash), commands, tuple(ledger_of(host).reasons(op_hash)), waited))
    return found


def _name(state: State, op_hash: str) -> str:
    return next(iter(state.get_op_meta(op_hash).names)).rpartition(" | ")[2]


def _fact(facts: Facts, cls: type[FactBase[Any]], arguments: dict[str, Any]) -> Any:
    if cls not in facts:
        if cls not in _ABSENT:
            raise AssertionError(f"the case does not say what {cls.__name__} finds (asked with {arguments})")
        value: Any = {}
    else:
        value = facts[cls]
    if callable(value):
        value = value(**arguments)
    if isinstance(value, str):
        value = cls().process(value.strip("\n").splitlines())
    if cls in _ABSENT:
        argument, absent = _ABSENT[cls]
        value = {name: value.get(name, absent) for name in arguments[argument]}
    return value


def _text(command: PyinfraCommand | str) -> str:
    """The command, followed by what it would get on standard input (decoded, where it is base64)."""
    if isinstance(command, FunctionCommand):
        return f"[{command.function.__name__}] {' '.join(map(str, command.args))}".strip()
    assert isinstance(command, StringCommand), command
    text = command.get_raw_value()
    given = command.connector_arguments.get("_stdin")
    if not given:
        return text
    joined = "".join(given) if not isinstance(given, str) else given
    if "base64 -d" in text:
        joined = base64.b64decode(joined).decode(errors="replace")  # programs, too, are written so
    return f"{text}\n<<<\n{joined}"


# What facts say, in short


def file(
    text: str | bytes = "", mode: str = "644", user: str = "root", group: str = "root", mtime: float = 0
) -> FileState:
    """A file as `Files` finds it."""
    data = text.encode() if isinstance(text, str) else text
    return FileState("file", mode, user, group, mtime, len(data), hashlib.sha256(data).hexdigest())


def folder(mode: str = "755", user: str = "root", group: str = "root") -> FileState:
    """A folder as `Files` finds it."""
    return FileState("directory", mode, user, group, 0, 4096)


def link(target: str) -> FileState:
    """A symbolic link as `Files` finds it."""
    return FileState("link", "777", "root", "root", 0, len(target), target=target)


def unit(
    active: str = "active", enabled: str = "enabled", load: str = "loaded", started: float = 1000.0, **more: Any
) -> UnitState:
    """A unit as `Units` finds it: running, enabled, started at second 1000 of the epoch."""
    sub = {"active": "running", "inactive": "dead"}.get(active, active)
    values: dict[str, Any] = {
        "load": load, "active": active, "sub": sub, "enabled": enabled, "main_pid": 1 if active == "active" else 0,
        "started": started if active == "active" else 0.0, "reloaded": 0.0, "need_daemon_reload": False,
        "result": "success", "condition": True,
    }  # fmt: skip
    return UnitState(**{**values, **more})


def every(items: Iterable[Item], *names: str) -> list[Any]:
    """`pytest.param` for each item, named after the first of its attributes in ``names`` or itself."""
    return [pytest.param(item, id=str(getattr(item, names[0]) if names else item)) for item in items]

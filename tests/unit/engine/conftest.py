"""Runs of the engine on hosts that exist only as pyinfra's @fake connector, whose answers a test scripts."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rigwright.engine.results import HostResult, OperationResult

from rigwright.engine.run import Run  # isort: skip  (makes the process cooperative, so it comes first of pyinfra's)
from pyinfra.connectors.fake import FakeConnector
from pyinfra.connectors.util import CommandOutput, OutputLine
from pyinfra.context import ctx_config, ctx_inventory, ctx_state

from rigwright.spec.connection import Connection

PRELUDE = """
from pyinfra import host
from pyinfra.api import FactBase, FunctionCommand, StringCommand, deploy, operation
from rigwright.engine.reasons import after, because, refuse


class Read(FactBase):
    def command(self, what):
        return f"read {what}"

    def process(self, output):
        return list(output)


@operation()
def have(what):
    if host.get_fact(Read, what=what) != ["yes"]:
        because(f"{what}: absent, wanted")
        yield f"make {what}"
"""


class Lost(Exception):
    """Stands for whatever a connector may raise."""


@dataclass
class Machine:
    """What the fake hosts are: commands run so far, and the answers to ``read X``."""

    commands: list[tuple[str, str]] = field(default_factory=list)
    state: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[str, Callable[[str], tuple[bool, list[str], list[str]]]] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    """Hosts that were asked for several facts at once, one entry each time."""
    reads_scripts: bool = True

    def run(self, host: str, command: str) -> tuple[bool, list[str], list[str]]:
        """Success, stdout, stderr."""
        self.commands.append((host, command))
        for known, answer in self.answers.items():
            if known in command:
                return answer(host)
        verb, _, what = command.partition(" ")
        if verb == "read":
            return True, [self.state.get((host, what), "no")], []
        if verb == "make":
            self.state[host, what] = "yes"
        return True, [], []

    def run_script(self, host: str, script: str) -> tuple[bool, list[str], list[str]]:
        """What a shell would do with a script of the engine's."""
        self.batches.append(host)
        stdout: list[str] = []
        stderr: list[str] = []
        for mark, number, quoted in re.findall(r"echo '(\S+) (\d+)'; .*?\nsh -c (.*?) </dev/null\n", script, re.S):
            succeeded, out, err = self.run(host, shlex.split(quoted)[0])
            stdout += [f"{mark} {number}", *out, "", f"{mark} end {0 if succeeded else 1}"]
            stderr += [f"{mark} {number}", *err, "", f"{mark} end"]
        return True, stdout, stderr

    def ran(self, host: str, verb: str = "") -> list[str]:
        """The commands that ran on the host, those of one verb if named."""
        return [command for at, command in self.commands if at == host and command.startswith(verb)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()

    def run_shell_command(self: Any, command: Any, *args: Any, **kwargs: Any) -> tuple[bool, CommandOutput]:
        if str(command) == "sh -s":
            status, out, err = (
                made.run_script(self.host.name, kwargs["_stdin"][0]) if made.reads_scripts else (True, [], [])
            )
        else:
            status, out, err = made.run(self.host.name, str(command))
        lines = [OutputLine("stdout", line) for line in out] + [OutputLine("stderr", line) for line in err]
        return status, CommandOutput(lines)

    monkeypatch.setattr(FakeConnector, "run_shell_command", run_shell_command)
    return made


@pytest.fixture
def prepare(tmp_path: Path, machine: Machine) -> Iterator[Callable[..., Run]]:
    """Make a run of a deploy's text on hosts ``@fake/a`` …; one at a time."""

    def make(deploy: str, hosts: str = "a", **options: Any) -> Run:
        (tmp_path / "deploy.py").write_text(PRELUDE + textwrap.dedent(deploy))
        names = [f"@fake/{name}" for name in hosts.split()]
        ctx_state.reset()
        return Run(tmp_path, {name: Connection() for name in names}, **options)

    yield make
    for context in (ctx_state, ctx_inventory, ctx_config):
        context.reset()


def operation(result: HostResult, title: str) -> OperationResult:
    """The host's operation of this title."""
    return next(each for each in result.operations if each.title == title)

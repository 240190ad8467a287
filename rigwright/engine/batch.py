"""Many commands in one: a script that runs each in a shell of its own, and what it printed taken apart again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from pyinfra.connectors.util import CommandOutput, OutputLine

Answer = tuple[int, CommandOutput]
"""Exit status and output of one command."""


def script(commands: Sequence[str], mark: str) -> str:
    """A script for `sh -s` that runs the commands one after another; ``mark``: a word that none of them prints.

    The braces make the shell read all of it before it runs anything: writer and reader never wait for each other.
    """
    parts = [
        f"echo '{mark} {number}'; echo '{mark} {number}' >&2\n"
        f"sh -c {shlex.quote(command)} </dev/null\n"
        f'echo "\n{mark} end $?"; echo "\n{mark} end" >&2\n'
        for number, command in enumerate(commands)
    ]
    return "{\n" + "".join(parts) + "}\n"


def answers(output: CommandOutput, mark: str) -> dict[int, Answer]:
    """Command number → its answer, for all commands that came to their end."""
    said = {number: (lines, status) for number, lines, status in _sections(output.stdout_lines, mark)}
    complained = {number: lines for number, lines, _ in _sections(output.stderr_lines, mark)}
    return {
        number: (int(status), _output(lines, complained.get(number, [])))
        for number, (lines, status) in said.items()
        if status.isdigit()
    }


def _sections(lines: Sequence[str], mark: str) -> Iterator[tuple[int, list[str], str]]:
    number: int | None = None
    collected: list[str] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word != mark:
            collected.append(line)
        elif rest.startswith("end"):
            # The newline before the mark is ours: it ends a line that had none, or makes one that is empty.
            if collected and not collected[-1]:
                collected.pop()
            if number is not None:
                yield number, collected, rest.removeprefix("end").strip()
            number = None
        else:
            number, collected = int(rest), []


def _output(stdout: list[str], stderr: list[str]) -> CommandOutput:
    return CommandOutput([OutputLine("stdout", line) for line in stdout] + [OutputLine("stderr", x) for x in stderr])

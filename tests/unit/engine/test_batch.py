"""Many commands in one shell script, taken apart again."""

from __future__ import annotations

import subprocess

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine

from rigwright.engine import batch


def ran(*commands: str) -> list[tuple[int, list[str], list[str]]]:
    """Exit status, stdout and stderr lines of each command, run by the shell that a Debian host has as sh."""
    done = subprocess.run(
        ["sh", "-s"], input=batch.script(commands, "MARK"), capture_output=True, text=True, check=False
    )
    lines = [OutputLine("stdout", line) for line in done.stdout.splitlines()]
    lines += [OutputLine("stderr", line) for line in done.stderr.splitlines()]
    found = batch.answers(CommandOutput(lines), "MARK")
    return [(status, output.stdout_lines, output.stderr_lines) for _, (status, output) in sorted(found.items())]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("echo one; echo two", (0, ["one", "two"], [])),
        ("printf 'no newline'", (0, ["no newline"], [])),
        ("printf 'empty line\\n\\n'", (0, ["empty line", ""], [])),
        ("true", (0, [], [])),
        ("echo words; echo complaint >&2; exit 3", (3, ["words"], ["complaint"])),
        ("cat", (0, [], [])),
        ("echo 'it'\"'\"'s'; echo \"$HOME\" | wc -l", (0, ["it's", "1"], [])),
        ("cat <<'end'\nhere\nend", (0, ["here"], [])),
    ],
)
def test_a_command_answers_as_it_does_alone(command: str, answer: tuple[int, list[str], list[str]]) -> None:
    assert ran("echo before", command, "echo after") == [(0, ["before"], []), answer, (0, ["after"], [])]


def test_a_command_that_is_no_shell_text_spoils_no_other() -> None:
    before, broken, after = ran("echo before", "if then (", "echo after")
    assert (before, after) == ((0, ["before"], []), (0, ["after"], []))
    assert broken[0] != 0


def test_what_did_not_come_to_its_end_has_no_answer() -> None:
    assert ran("echo before", "kill -KILL $PPID", "echo after") == [(0, ["before"], [])]


def test_output_without_marks_is_no_answer() -> None:
    assert batch.answers(CommandOutput([OutputLine("stdout", "something else")]), "MARK") == {}

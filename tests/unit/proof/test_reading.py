"""Many questions in one command, asked of this machine's own shell."""

from __future__ import annotations

import pytest
import testinfra
from testinfra.host import Host

from tests.host.reading import ask


@pytest.fixture(scope="module")
def shell() -> Host:
    return testinfra.get_host("local://")


def test_sections_are_kept_apart(shell: Host) -> None:
    answers = ask(shell, {"one": "echo a; echo; echo 'b c=d'", "none": "true", "host's own": "printf 'no newline'"})
    assert answers == {"one": "a\n\nb c=d", "none": "", "host's own": "no newline"}
    assert answers.lines("one") == ["a", "b c=d"]
    assert answers.pairs("one") == {"b c": "d"}


def test_a_section_that_fails_says_nothing_and_stops_no_other(shell: Host) -> None:
    answers = ask(
        shell, {"gone": "cat /nonexistent; exit 3", "quoted": """x="it's"; echo "$x" 100%""", "set": "echo ${x-unset}"}
    )
    assert (answers["gone"], answers["quoted"], answers["set"]) == ("", "it's 100%", "unset")


def test_a_section_without_commands_says_nothing(shell: Host) -> None:
    assert ask(shell, {"none": "", "one": "echo a"}) == {"none": "", "one": "a"}


def test_nothing_waits_for_input(shell: Host) -> None:
    assert ask(shell, {"input": "cat; echo read"})["input"] == "read"


def test_a_script_that_cannot_be_run_is_an_error(shell: Host) -> None:
    with pytest.raises(RuntimeError, match="did not answer"):
        ask(shell, {"broken": 'echo "'})

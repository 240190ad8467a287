"""Many questions, one command: a script's output by sections."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from testinfra.host import Host

_MARK = "=== rigwright section"


class Answers(dict[str, str]):
    """Section → what its commands said, without the newline at the end."""

    def lines(self, section: str) -> list[str]:
        """The section's lines that are not empty."""
        return [line for line in self[section].splitlines() if line.strip()]

    def pairs(self, section: str) -> dict[str, str]:
        """The section's ``name=value`` lines."""
        return dict(line.split("=", 1) for line in self.lines(section) if "=" in line)


def ask(host: Host, sections: Mapping[str, str]) -> Answers:
    """Run each section's shell commands, all in one command on the host; what fails says nothing, nor does no command.

    Raises RuntimeError when the script as a whole could not be run.
    """
    script = "export LC_ALL=C\n" + "".join(
        f"echo {shlex.quote(f'{_MARK} {name}')}\n(\n{commands or ':'}\n) 2>/dev/null </dev/null\n"
        for name, commands in sections.items()
    )
    done = host.run("/bin/sh -c %s", f"{script}echo '{_MARK} end'")
    said = done.stdout
    if f"{_MARK} end" not in said:
        raise RuntimeError(f"the host did not answer: {done.stderr.strip() or 'no output'}")
    found = Answers()
    for block in said.split(f"{_MARK} ")[1:]:
        name, _, text = block.partition("\n")
        found[name] = text.rstrip("\n")
    del found["end"]
    return found

"""The lines of a failed command's output that tell what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyinfra.connectors.util import CommandOutput

_TELLING = re.compile(
    r"^E:|\b(errors?|fatal|fail(ed|ure|s)?|cannot|can't|could not|unable|denied|no such|refus(ed|es|ing)|not found|"
    r"no space|unmet|timed out|invalid)\b",
    re.IGNORECASE,
)
_MOST = 6
_LAST = 4


def telling_lines(output: CommandOutput | None) -> list[str]:
    """Up to ten lines of stderr (of stdout, if there is no stderr): those that speak of errors, and the last ones."""
    if output is None:
        return []
    lines = _content(output.stderr_lines) or _content(output.stdout_lines)
    telling = [i for i, line in enumerate(lines) if _TELLING.search(line)][:_MOST]
    last = range(max(0, len(lines) - _LAST), len(lines))
    return list(dict.fromkeys(lines[i] for i in sorted({*telling, *last})))


def _content(lines: Iterable[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]

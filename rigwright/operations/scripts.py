"""Shell scripts that run on the host: kept as files, read once, given to `sh` on standard input."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pyinfra.api import StringCommand

_HERE = Path(__file__).parent


def script(names: Iterable[str], blanks: Mapping[str, str], arguments: Iterable[str] = ()) -> StringCommand:
    """Run these files (beside this one) as one script; ``@NAME@`` in them becomes the value of NAME."""
    body = "".join(_text(name) for name in names)
    for name, value in blanks.items():
        body = body.replace(f"@{name}@", value)
    return StringCommand(" ".join(["sh -s --", *map(shlex.quote, arguments)]), _stdin=body.splitlines())


@cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")

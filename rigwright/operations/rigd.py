"""rigd's end: what it kept is the cards' own again before it goes."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Files


@operation()
def removed(program: str, unit: str, paths: Sequence[str]) -> Generator[str, None, None]:
    """Stop it, give fans, limits and clocks back to the cards, and remove it; the program itself goes last.

    So what is interrupted is done again. A card that does not answer fails it, with all files there but the unit
    stopped. ``paths``: what else it has.
    """
    everything = [*paths, program]
    there = [path for path, state in host.get_fact(Files, paths=everything).items() if state]
    if not there:
        host.noop("it is not there")
        return
    because(", ".join(f"{path}: present, wanted absent" for path in there))
    quoted = shlex.quote(program)
    others = " ".join(map(shlex.quote, paths))
    folders = " ".join(sorted({shlex.quote(posixpath.dirname(path)) for path in (program, paths[0])}))
    yield (
        f"systemctl disable --now {unit} 2>/dev/null; "
        f"if [ -e {quoted} ]; then python3 -I {quoted} hand-back --release; case $? in 0|3) ;; *) "
        "echo 'a card did not take its own settings back; reset it or reboot, and run again' >&2; exit 1;; esac; fi && "
        f"rm -f -- {others} && systemctl daemon-reload && rm -f -- {quoted} && "
        f"{{ rmdir --ignore-fail-on-non-empty {folders} 2>/dev/null || true; }}"
    )

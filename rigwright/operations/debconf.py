"""Answers given to packages before they ask."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.debconf import Debconf


@operation()
def answered(package: str, question: str, kind: str, answer: str) -> Generator[str, None, None]:
    """Have debconf know this answer (``kind``: boolean, select, string …), whether the package is there yet or not."""
    known = host.get_fact(Debconf, package=package).get(question)
    if known == answer:
        host.noop(f"{question} is answered")
        return
    because(f"{question}: {known or 'not answered'}, wanted {answer}")
    yield f"echo {shlex.quote(f'{package} {question} {kind} {answer}')} | debconf-set-selections"

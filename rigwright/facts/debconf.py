"""Answers that packages have been given."""

from __future__ import annotations

import shlex

from pyinfra.api import FactBase


class Debconf(FactBase[dict[str, str]]):
    """Question → answer, for the questions of one package; one that nobody ever asked is absent.

    Raw lines: ``* nvidia-support/check-running-module-version: false`` (the star: it has been seen).
    """

    def command(self, package: str) -> str:
        """Ask debconf."""
        return f"LC_ALL=C debconf-show {shlex.quote(package)} 2>/dev/null || true"

    @staticmethod
    def default() -> dict[str, str]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Read one question a line."""
        pairs = (line.lstrip("* ").partition(":") for line in output if ":" in line)
        return {question: answer.strip() for question, _, answer in pairs}

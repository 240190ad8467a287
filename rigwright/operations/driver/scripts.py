"""The shell scripts that run on the host, read once and given to `sh` on standard input."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pyinfra.api import StringCommand

from rigwright.operations.apt import APT, UPDATE


@cache
def _text(name: str) -> str:
    here = Path(__file__).parent
    body = (here / "dkms_report.sh").read_text(encoding="utf-8") + (here / name).read_text(encoding="utf-8")
    return body.replace("@APT@", APT).replace("@UPDATE@", UPDATE)


def transaction(packages: Iterable[str]) -> StringCommand:
    """One apt transaction that either succeeds or is put back. ``packages``: as apt-get takes them ("a=1.2", "b-")."""
    options = "--no-install-recommends --allow-downgrades --allow-change-held-packages"
    return _run("transaction.sh", f"{options} {' '.join(map(shlex.quote, packages))}")


def build(module: str, version: str, kernel: str) -> StringCommand:
    """Build and install one DKMS module for one kernel."""
    return _run("build.sh", " ".join(map(shlex.quote, (module, version, kernel))))


def _run(name: str, arguments: str) -> StringCommand:
    return StringCommand(f"sh -s -- {arguments}", _stdin=_text(name).splitlines())

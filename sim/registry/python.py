"""Python packages for an image, as pip resolves them for the image's Python; from where, its configuration says."""

from __future__ import annotations

import fnmatch
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import programs

VERSIONS = {"bookworm": "3.11.2"}
"""Suite → the version of its Python."""
_PIP = Path(__file__).parent / "content" / "pip-for"
_QUIET = ("--quiet", "--disable-pip-version-check", "--no-input")


@dataclass(frozen=True)
class Wanted:
    """``requirements``: as pip reads them; ``without``: patterns of names that are left out, although others require
    them."""

    requirements: tuple[str, ...]
    without: tuple[str, ...] = ()


def place(suite: str) -> str:
    """Where Debian's Python looks for what is not Debian's."""
    return f"/usr/local/lib/python{VERSIONS[suite].rpartition('.')[0]}/dist-packages"


def install(folder: Path, wanted: Wanted, suite: str) -> None:
    """Into ``folder``, from wheels alone. Raises SimulationError with what pip says."""
    pip = [sys.executable, str(_PIP), VERSIONS[suite], "install", *_QUIET, "--target", str(folder)]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        programs.run([*pip, "--dry-run", "--ignore-installed", "--report", str(report), *wanted.requirements])
        found = [each["metadata"] for each in json.loads(report.read_text(encoding="utf-8"))["install"]]
    exact = [f"{each['name']}=={each['version']}" for each in found if not _left_out(each["name"], wanted.without)]
    # Compiled files are of the Python that compiles, and name the folder they were made in.
    programs.run([*pip, "--no-deps", "--no-compile", *exact])


def _left_out(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name.lower(), pattern) for pattern in patterns)

"""The proof of some hosts, each in a pytest of its own side by side, and its answers as plain data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from rigwright.spec.rig import LAYERS

TESTS = Path("tests/host")
PARTS = ("hardware", *LAYERS)
"""What is proved, a file of tests each: the layers, and the machine that they stand on."""
AT_ONCE = 8
"""Hosts proved at the same time; each is a Python process of some 60 MB that mostly waits for its host."""

_OURS = Path(__file__).resolve().parents[2]
_TOLD = (0, 1, 3, 5)
"""pytest's exit statuses after which its events say it all: passed, failed, a host not reached, no tests."""


class Verdict(StrEnum):
    """The three answers."""

    HOLDS = "holds"
    FALLS_SHORT = "falls short"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True)
class Answer:
    """One test's answer about one host."""

    layer: str
    test: str
    title: str
    keys: tuple[str, ...]
    verdict: Verdict
    message: str | None
    """What falls short, or why it could not be told."""
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "layer": self.layer,
            "test": self.test,
            "title": self.title,
            "keys": list(self.keys),
            "answer": str(self.verdict),
            "message": self.message,
            "seconds": self.seconds,
        }


@dataclass
class Proof:
    """What could be said about one host."""

    host: str
    answers: list[Answer] = field(default_factory=list)
    expected: int = 0
    """How many answers are to come."""
    error: str | None = None
    """Why there are none, or not all."""
    reached: bool = True
    remark: str | None = None
    """What is to be said of the way in: that it is not the declared one."""

    @property
    def counts(self) -> dict[Verdict, int]:
        """Answers of each kind."""
        found = Counter(answer.verdict for answer in self.answers)
        return {verdict: found[verdict] for verdict in Verdict}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "host": self.host,
            "reached": self.reached,
            "error": self.error,
            **({"remark": self.remark} if self.remark is not None else {}),
            "counts": {str(verdict): count for verdict, count in self.counts.items()},
            "answers": [answer.as_dict() for answer in self.answers],
        }


class NoTests(Exception):
    """There is no proof of what was asked for."""


def prove(
    root: Path,
    hosts: Sequence[str],
    *,
    layers: Sequence[str] = (),
    profiles: Sequence[str] = (),
    overrides: Sequence[str] = (),
    overlooked: Sequence[str] = (),
    junit: Path | None = None,
    answered: Callable[[Proof], None] = lambda proof: None,
) -> list[Proof]:
    """Prove hosts of the project in ``root``. ``answered`` is told of each host's proof whenever it has grown.

    ``layers``: only these; none: all, and the hardware. ``overlooked``: ids of faults that do not count.
    ``junit``: a file to be written in JUnit's format, one suite a host. Raises `NoTests`.
    """
    folder = root / TESTS if (root / TESTS).is_dir() else _OURS / TESTS
    files = [folder / f"test_{layer}.py" for layer in layers or PARTS]
    if missing := [str(path) for path in files if not path.is_file()]:
        raise NoTests(f"no proof of every layer that was asked for: {', '.join(missing)} missing")
    given = {"--profile": profiles, "--set": overrides, "--overlook": overlooked}
    options = [part for name, values in given.items() for each in values for part in (name, each)]
    command = [sys.executable, "-m", "pytest", *map(str, files), "--project", str(root), *options, "-q"]
    with tempfile.TemporaryDirectory(prefix="rig-proof-") as reports:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            proofs = [Proof(host) for host in hosts]
            suites = [Path(reports) / f"{number}.xml" for number in range(len(proofs))]
            list(pool.map(lambda proof, suite: _prove(proof, command, suite, answered), proofs, suites))
        if junit is not None:
            _write_junit(junit, dict(zip(hosts, suites, strict=True)), proofs)
    return proofs


def _prove(proof: Proof, command: Sequence[str], suite: Path, answered: Callable[[Proof], None]) -> None:
    with _event_pipe() as (events, end):
        child = subprocess.Popen(
            [*command, "--rig", proof.host, "--proof-events", f"/dev/fd/{end}", "--junitxml", str(suite)],
            cwd=Path(command[3]).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[end],
        )
        os.close(end)
        with ThreadPoolExecutor(max_workers=1) as reader:  # pytest must never wait for somebody to read its output
            output = reader.submit(child.stdout.read if child.stdout else str)
            for line in events:
                _take(proof, json.loads(line))
                answered(proof)
            status = child.wait()
            text = output.result()
    if status not in _TOLD:
        proof.error = f"pytest ended with status {status}: {' '.join(text.split())[-600:]}"
    elif proof.error is None and len(proof.answers) < max(proof.expected, 1):
        proof.error = f"only {len(proof.answers)} of {proof.expected} answers came"


@contextmanager
def _event_pipe() -> Iterator[tuple[Any, int]]:
    end_to_read, end_to_write = os.pipe()
    with os.fdopen(end_to_read, encoding="utf-8") as events:
        yield events, end_to_write


def _take(proof: Proof, event: dict[str, Any]) -> None:
    match event["event"]:
        case "host" if not event["reachable"]:
            proof.error, proof.reached = event["error"], False
        case "host":
            proof.remark = event.get("remark")
        case "tests":
            proof.expected = event["count"]
        case "answer":
            proof.answers.append(
                Answer(
                    event["layer"],
                    event["test"],
                    event["title"],
                    tuple(event["keys"]),
                    Verdict(event["answer"]),
                    event["message"],
                    event["seconds"],
                )
            )


def _write_junit(file: Path, suites: dict[str, Path], proofs: Sequence[Proof]) -> None:
    """One suite a host; a host that could not be asked is a suite with one error, so that no CI takes it for a pass."""
    whole = ET.Element("testsuites", name="rig verify")
    for proof in proofs:
        path = suites[proof.host]
        found = ET.parse(path).getroot().find("testsuite") if path.exists() else None
        suite = ET.Element("testsuite", tests="0", failures="0", errors="0", skipped="0") if found is None else found
        suite.set("name", proof.host)
        if proof.error is not None:
            case = ET.SubElement(suite, "testcase", classname=proof.host, name="the host can be asked", time="0")
            ET.SubElement(case, "error", message=proof.error)
            for count in ("tests", "errors"):
                suite.set(count, str(int(suite.get(count, "0")) + 1))
        whole.append(suite)
    ET.ElementTree(whole).write(file, encoding="utf-8", xml_declaration=True)

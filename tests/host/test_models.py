"""Layer `models`: every declared file is on the disk, whole, under the name by which runtimes open it."""

from __future__ import annotations

import posixpath
import shlex

import pytest
from testinfra.host import Host

from rigwright.choice.models import Placed, placed
from rigwright.facts.models import RECORD, FileSeen, ModelFiles
from rigwright.spec.rig import Rig
from tests.host.answers import proves
from tests.host.reading import Answers, ask

PROGRAM = "/opt/rigwright/fetch.pyz"
HASHED_UP_TO = 256 * 2**20
"""Bytes of a file that is hashed here; of a larger one it counts that it is as it was when it was hashed on arrival."""


@pytest.fixture(scope="session")
def wanted(rig: Rig) -> list[Placed]:
    """Every file."""
    return placed(rig)


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig, wanted: list[Placed]) -> Answers:
    """Everything that this file wants to know, in one command."""
    look = ModelFiles().command(rig.models.root, [(each.content, each.link) for each in wanted])
    return ask(
        host,
        {
            "program": f"ls {PROGRAM}",
            "files": look,
            "hashes": "\n".join(_hash(each) for each in wanted),
        },
    )


@pytest.fixture(scope="session")
def files(seen: Answers) -> dict[str, FileSeen]:
    return ModelFiles().process(seen.lines("files")).files


def _hash(file: Placed) -> str:
    path = shlex.quote(file.content)
    small = f"[ $(stat -c %s {path} || echo {HASHED_UP_TO}) -lt {HASHED_UP_TO} ]"
    if file.digest.startswith("git:"):
        command = f"{{ printf 'blob %s\\0' $(stat -c %s {path}); cat {path}; }} | sha1sum"
    else:
        command = f"sha256sum < {path}"
    return f"{small} && echo {path}=$({command} | cut -d' ' -f1)"


@proves(
    "models.root",
    "models.wanted.hub",
    "models.wanted.revision",
    "models.wanted.files",
    "models.wanted.ollama",
    "models.wanted.url",
    "models.wanted.path",
)
def test_models_are_there(seen: Answers, wanted: list[Placed], files: dict[str, FileSeen]) -> None:
    """Every file of every declared model is there, of the right size, and under its name"""
    if not wanted:
        assert not seen["program"], f"no models are declared, and {PROGRAM} is there"
        return
    wrong = []
    for each in wanted:
        found = files.get(each.content, FileSeen())
        if found.size is None:
            wrong.append(f"{each.model}: {each.used} is missing")
        elif each.size is not None and found.size != each.size:
            wrong.append(f"{each.model}: {each.used} has {found.size} bytes, locked are {each.size}")
        elif each.link is not None and not found.linked:
            wrong.append(f"{each.model}: {each.link} does not lead to it")
    assert not wrong, "; ".join(wrong)


@proves("models.wanted.sha256")
def test_models_are_the_declared_ones(
    seen: Answers, rig: Rig, wanted: list[Placed], files: dict[str, FileSeen]
) -> None:
    """Every file has the hash that is locked, or declared; large ones are as they were when they were hashed"""
    hashes = seen.pairs("hashes")
    wrong = []
    for each in wanted:
        found = hashes.get(each.content)
        if found is not None and found != each.digest.partition(":")[2]:
            wrong.append(f"{each.model}: {each.used} has hash {found}, wanted {each.digest}")
        elif found is None and files.get(each.content, FileSeen()).digest != each.digest:
            record = posixpath.join(rig.models.root, RECORD)
            wrong.append(f"{each.model}: {each.used} is not as it was hashed ({record}): rig models pull")
    assert not wrong, "; ".join(wrong)

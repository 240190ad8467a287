"""NVIDIA's repository and its key: facts in, commands out."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.facts.files import Files
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.sources import SourceFile, Sources, SourcesState
from rigwright.operations import sources
from rigwright.operations.driver import repository
from tests.unit.operations.harness import Case, file

URL = "https://developer.download.nvidia.com/compute/cuda/repos/debian13/x86_64"
OURS = "/etc/apt/sources.list.d/rigwright-nvidia.sources"
RING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
OTHERS = {"ours": OURS, "patterns": ["/etc/apt/sources.list.d/cuda-*.list"], "places": [URL], "package": "cuda-keyring"}
KEY = {"url": URL, "key_file": "8793F200.pub", "fingerprint": "0" * 40, "keyring": RING}


def lists(**texts: str) -> dict[Any, Any]:
    named = {
        f"/etc/apt/sources.list.d/{name.replace('_', '-').replace('-list', '.list')}": t for name, t in texts.items()
    }
    named[OURS] = f"Types: deb\nURIs: {URL}/\nSuites: /\nSigned-By: {RING}\n"
    return {Sources: SourcesState({path: SourceFile(text, "644") for path, text in named.items()}, {})}


REPOSITORY = [
    Case("others: none", sources.others_absent, OTHERS, {**lists(), Packages: PackagesState()}),
    Case(
        "others: by name",
        sources.others_absent,
        OTHERS,
        {**lists(cuda_debian12_x86_64_list="deb http://x/ /\n"), Packages: PackagesState()},
        commands=["rm -f -- /etc/apt/sources.list.d/cuda-debian12-x86-64.list"],
    ),
    Case(
        "others: by what they name",
        sources.others_absent,
        OTHERS,
        {**lists(mine_list=f"deb [signed-by=/x.gpg] {URL}/ /\n"), Packages: PackagesState()},
        commands=["rm -f -- /etc/apt/sources.list.d/mine.list"],
    ),
    Case(
        "others: a file that names more than this repository stays",
        sources.others_absent,
        OTHERS,
        {**lists(mine_list=f"deb {URL}/ /\ndeb http://mirror.example/debian trixie main\n"), Packages: PackagesState()},
    ),
    Case(
        "others: NVIDIA's own set-up package",
        sources.others_absent,
        OTHERS,
        {**lists(), Packages: PackagesState(installed={"cuda-keyring": "1.1-1"})},
        has=["--purge remove cuda-keyring"],
    ),
    Case("key: there", repository.key, KEY, {Keyrings: {RING: ["0" * 40]}}),
    Case("key: fetched", repository.key, KEY, {}, has=[f"{URL}/8793F200.pub", "0" * 40]),
    Case(
        "key: its file is named after it where the catalogue does not know it",
        repository.key,
        {**KEY, "key_file": None, "fingerprint": "A" * 32 + "8793F200"},
        {},
        has=[f"{URL}/8793F200.pub"],
    ),
    Case(
        "key: refuses to trust whatever comes",
        repository.key,
        {**KEY, "fingerprint": None},
        {},
        refuses="driver.repository_fingerprint",
    ),
    Case("key: gone", repository.key_absent, {"keyring": RING, "ours": OURS}, {**lists(), Packages: PackagesState()}),
    Case(
        "key: removed",
        repository.key_absent,
        {"keyring": RING, "ours": OURS},
        {**lists(), Packages: PackagesState(), Files: {RING: file()}},
        commands=[f"rm -f -- {RING}"],
    ),
    Case(
        "key: stays while another source needs it",
        repository.key_absent,
        {"keyring": RING, "ours": OURS},
        {**lists(mine_list=f"deb [signed-by={RING}] http://x/ /\n"), Packages: PackagesState(), Files: {RING: file()}},
    ),
]


@pytest.mark.parametrize("case", REPOSITORY, ids=str)
def test_repository(case: Case) -> None:
    case.check()

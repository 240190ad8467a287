"""The layer runtimes: what it writes, in which order, and what goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.engine.reasons import Refused
from rigwright.facts.archives import Unpacked
from rigwright.facts.files import Files
from rigwright.facts.images import Images
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.runtimes import OwnRuntimes, SystemUsers
from rigwright.facts.units import Units
from rigwright.operations import archives
from rigwright.operations import runtimes as own
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret
from tasks.runtimes import runtimes
from tests.unit.choice.test_runtimes import DIGEST, rig
from tests.unit.operations.harness import Case, Step, steps
from tests.unit.operations.releases import CODENAMES, RELEASE

LLM: dict[str, Any] = {"kind": "llama.cpp", "models": {"m": {}}}
WATCH = ("Write rigwright-health.service", "Write rigwright-health.timer", "Look after runtimes")
ARCHIVE = {"version": "b1", "url": "https://x.example/x.tar.zst", "sha256": "a" * 64}


def layer(declared: Rig, codename: str = "trixie", facts: dict[Any, Any] | None = None) -> dict[str, Step]:
    bare: dict[Any, Any] = {
        Release: RELEASE[codename],
        Packages: PackagesState(),
        Files: {},
        Units: {},
        Images: frozenset(),
        OwnRuntimes: frozenset(),
        SystemUsers: {},
        Unpacked: {},
    }
    return steps(runtimes, declared, {**bare, **(facts or {})})


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_bare_host_gets_image_files_and_unit_in_order(codename: str) -> None:
    if not catalog().release(codename).docker_cdi:
        with pytest.raises(Refused, match="too old for runtimes in containers"):
            layer(rig(llm=LLM), codename)
        return
    done = layer(rig(llm=LLM), codename)
    changed = [name for name, step in done.items() if step.commands]
    assert changed == [
        "Install what asks runtimes whether they can serve",
        "Make the runtimes' users",
        "Pull images",
        "Write models.ini of llm",
        "Write the Compose file of llm",
        "Write the unit of llm",
        "Run llm",
        *WATCH,
    ]
    assert done["Pull images"].commands == (f"docker pull --quiet ghcr.io/ggml-org/llama.cpp@{DIGEST}",)
    assert "docker compose -f" in done["Write the Compose file of llm"].commands[0], "the real tool has its say first"
    assert {"Pull images", "Write models.ini of llm", "Write the unit of llm"} <= set(done["Run llm"].waits)


def test_an_image_that_is_there_is_not_asked_for() -> None:
    there = frozenset({f"ghcr.io/ggml-org/llama.cpp@{DIGEST}"})
    assert not layer(rig(llm=LLM), facts={Images: there})["Pull images"].commands
    hub = {"kind": "vllm", "models": {"m": {}}}
    assert not layer(rig(it=hub), facts={Images: frozenset({f"vllm/vllm-openai@{DIGEST}"})})["Pull images"].commands


def test_a_native_one_needs_no_engine() -> None:
    done = layer(rig(llm={**LLM, "how": "native", "archive": ARCHIVE}))
    changed = [name for name, step in done.items() if step.commands]
    assert changed == [
        "Install what asks runtimes whether they can serve",
        "Make the runtimes' users",
        "Write models.ini of llm",
        "Install what unpacks llm",
        "Unpack the program of llm",
        "Write the unit of llm",
        "Run llm",
        *WATCH,
    ]


def test_what_is_not_declared_any_more_goes_and_its_data_stays() -> None:
    step = layer(rig(llm=LLM), facts={OwnRuntimes: frozenset({"llm", "old"})})["Remove runtimes that are not declared"]
    (command,) = step.commands
    assert step.why == ("old: there, and not declared",)
    assert "rig-old.service" in command and "rm -rf /etc/rigwright/runtimes/old" in command
    assert "rig-llm" not in command and "/var/lib" not in command


def test_none_declared_none_left() -> None:
    done = layer(rig(), facts={OwnRuntimes: frozenset({"old"})})
    assert done["Remove runtimes that are not declared"].commands


def secret(folder: Path, text: str) -> dict[str, Any]:
    (folder / "secret").write_text(text)
    (folder / "secret").chmod(0o600)
    secrets = {"A": Secret(file=str(folder / "secret"))}
    return {"dest": "/x/secrets.env", "secrets": secrets, "whose": "runtimes.services.x.secrets"}


def test_a_secret_is_quoted_as_systemd_reads_it(tmp_path: Path) -> None:
    case = Case(
        "odd", own.secret_environment, secret(tmp_path, 'a"b\\c$d`e'), {Files: {}}, has=['A="a\\"b\\\\c\\$d\\`e"']
    )
    case.check()
    several = secret(tmp_path, "a\nb")
    Case(
        "lines", own.secret_environment, several, {Files: {}}, refuses="runtimes.services.x.secrets.A: the secret has"
    ).check()


def test_a_users_number_that_is_taken_is_refused() -> None:
    arguments = {"dest": "/etc/sysusers.d/x.conf", "wanted": {"rig-llm": 70001}}
    refused = "user rig-llm has number 1001, and 70001 is wanted"
    Case("taken", own.users, arguments, {Files: {}, SystemUsers: {"rig-llm": 1001}}, refuses=refused).check()


UNPACK = {"dest": "/opt/x/b1", "url": "https://x.example/a b.tar.gz", "sha256": "a" * 64, "program": "server"}
ARCHIVES = [
    Case("there", archives.unpacked, UNPACK, {Unpacked: {"b1": "a" * 64}}),
    Case("missing", archives.unpacked, UNPACK, {Unpacked: {}}, has=["sha256sum"], why=["/opt/x/b1: missing"]),
    Case("not whole", archives.unpacked, UNPACK, {Unpacked: {"b1": None}}, has=["mv"], why=["/opt/x/b1: not whole"]),
    Case(
        "another one", archives.unpacked, UNPACK, {Unpacked: {"b1": "b" * 64}}, has=["mv"],
        why=["/opt/x/b1: another archive's"],
    ),
    Case(
        "old versions", archives.others_removed, {"folder": "/opt/x", "kept": ["b2"]},
        {Unpacked: {"b1": "a" * 64, "b2": "b" * 64}}, commands=["rm -rf -- /opt/x/b1"],
    ),
    Case("none is old", archives.others_removed, {"folder": "/opt/x", "kept": ["b2"]}, {Unpacked: {"b2": "b" * 64}}),
]  # fmt: skip


@pytest.mark.parametrize("case", ARCHIVES, ids=str)
def test_archives(case: Case) -> None:
    case.check()

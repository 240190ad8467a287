"""Plan, apply and verify before they connect: what they refuse, whom they choose, which status they end with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

from cli import console
from cli.main import run
from cli.running import exit_status
from rigwright.engine.results import HostResult, Outcome
from rigwright.spec.load import load_rigs

HOSTS = """
home = [("basement", {"driver": {"branch": 580}}), ("attic", {"driver": {"branch": 580}})]
lab = [("lab-1", {"driver": {"branch": 580}})]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/sites.py").write_text(HOSTS)
    (tmp_path / "deploy.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_apply_asks_nobody_where_there_is_no_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply"]) == 64
    assert "nobody can be asked without a terminal: add --yes" in capsys.readouterr().err


def test_apply_with_a_document_asks_nobody_either(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "--json"]) == 64
    assert "nobody can be asked with --json: add --yes" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["verify"]])
def test_wrong_usage_is_status_64_and_says_what_is_right(
    project: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong, text in (
        (["basment"], "Did you mean 'basement'?"),
        (["--limit", "basment"], "Did you mean 'basement'?"),
        (["--layer", "drivers"], "did you mean driver?"),
        (["--set", "driver.branch"], "expected key.path=value"),
    ):
        assert run([*command, *wrong]) == 64
        assert text in capsys.readouterr().err


@pytest.mark.parametrize("named", [["basement", "attic"], ["home"]], ids=["two hosts", "a group of two"])
def test_one_host_is_tried_and_none_dropped_silently(
    project: Path, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["try", *named]) == 64
    assert "one host is tried at a time, and basement, attic are named" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["verify"]])
def test_a_faulty_declaration_is_status_1_and_one_document(
    project: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--set", "driver.brnch=580", "--json"]) == 1
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["exit_status"], document["hosts"], said.err) == (1, [], "")
    assert document["faults"][0]["nearest"] == "driver.branch"


class _Idle:
    """Stands for a run that finds nothing to do."""

    def plan(self) -> list[HostResult]:
        return [HostResult("basement", Outcome.AS_DECLARED)]

    apply = plan

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("command", "module"), [(["plan"], "plan"), (["apply", "--yes"], "apply")])
def test_what_is_worth_a_look_is_said(
    project: Path, command: list[str], module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(f"cli.{module}.start", lambda *anything: _Idle())
    console.out.cache_clear()
    console.err.cache_clear()
    assert run([*command, "basement", "--set", "containers.toolkit.version=1.19.1"]) == 0
    said = capsys.readouterr().err
    assert said.count("warning: basement: containers.toolkit.version = '1.19.1'  [--set]") == 1
    assert run([*command, "basement", "--set", "containers.toolkit.version=1.19.1", "--json"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["verify"], ["try"], ["check"], ["show"]])
@pytest.mark.parametrize("inventory", ["home = [('basement', {})],", "home = {'basement': {}}", "home = []", ""])
def test_no_host_is_never_as_declared(
    project: Path, command: list[str], inventory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "inventory/sites.py").write_text(inventory)
    assert run(command) == 1
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["verify"]])
def test_what_is_set_goes_to_the_hosts_within_the_limit_alone(
    project: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "inventory/sites.py").write_text(f"{HOSTS}bare = ['lab-2']\n")
    reached: list[str] = []

    def stop(hosts: Iterable[str]) -> NoReturn:
        reached.extend(hosts)
        raise KeyboardInterrupt

    for name in ("plan", "apply"):
        monkeypatch.setattr(f"cli.{name}.start", lambda declared, layers, watcher: stop(declared.rigs))
    monkeypatch.setattr("rigwright.engine.proof.prove", lambda root, hosts, **more: stop(hosts))
    assert run([*command, "--limit", "bare", "--set", "driver.branch=580"]) == 130
    assert run([*command, "--limit", "lab"]) == 130
    assert reached == ["lab-2", "lab-1"]


@pytest.mark.parametrize(
    ("limits", "hosts"),
    [
        ([], ["basement", "attic", "lab-1"]),
        (["lab-*"], ["lab-1"]),
        (["home"], ["basement", "attic"]),
        (["attic", "lab"], ["attic", "lab-1"]),
    ],
)
def test_limits_are_names_groups_and_patterns(project: Path, limits: list[str], hosts: list[str]) -> None:
    assert list(load_rigs(project, limits=limits).rigs) == hosts


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([Outcome.AS_DECLARED, Outcome.CHANGED], 0),
        ([Outcome.AS_DECLARED, Outcome.PENDING], 2),
        ([Outcome.PENDING, Outcome.UNREACHABLE], 3),
        ([Outcome.UNREACHABLE, Outcome.FAILED], 1),
        ([Outcome.FAILED, Outcome.INTERRUPTED], 130),
    ],
)
def test_the_worst_outcome_is_the_status(outcomes: list[Outcome], status: int) -> None:
    assert exit_status([HostResult("host", outcome) for outcome in outcomes]) == status

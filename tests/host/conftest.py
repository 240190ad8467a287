"""The proof's frame: which hosts, how to reach them, and what becomes of an answer."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from rigwright.spec.load import (
    DeclarationError,
    NoProjectError,
    NoSuchHostError,
    OverrideError,
    load_rigs,
    project_root,
)
from rigwright.spec.rig import Rig
from tests.host.answers import CouldNotTell
from tests.host.target import Target, Unreachable

TARGETS = pytest.StashKey[dict[str, Target]]()
UNREACHABLE = 3
"""Exit status when a host could not be reached, and nothing worse happened."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rigwright", "the proof of a declaration")
    group.addoption("--rig", action="append", metavar="NAME", help="host or group to prove, or 'all'; several times")
    group.addoption(
        "--project", metavar="FOLDER", help="folder with deploy.py and inventory/; default: found from here"
    )
    group.addoption("--profile", action="append", metavar="NAME", help="one more profile on top; several times")
    group.addoption("--set", action="append", metavar="KEY=VALUE", dest="assignments", help="override a key")
    group.addoption("--overlook", action="append", metavar="ID", help="faults of the declaration that do not count")
    group.addoption(
        "--proof-events", metavar="FILE", help="write each answer there as it comes, one JSON object a line"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proves(*keys): the keys of the declaration that the test proves")
    config.stash[TARGETS] = {}
    names = config.getoption("rig", default=None)
    if names and not config.getoption("help"):
        config.stash[TARGETS] = _targets(config, names)


def _targets(config: pytest.Config, names: list[str]) -> dict[str, Target]:
    wanted = [name for text in names for name in text.split(",")]
    try:
        declared = load_rigs(
            project_root(Path(config.getoption("project") or Path.cwd())),
            hosts=None if "all" in wanted else wanted,
            profiles=config.getoption("profile"),
            overrides=config.getoption("assignments"),
            overlooked=config.getoption("overlook") or (),
        )
    except (DeclarationError, NoProjectError, NoSuchHostError, OverrideError) as error:
        raise pytest.UsageError(str(error)) from error
    spec = config.getoption("hosts")
    if spec and (len(declared.rigs) > 1 or "," in spec):
        raise pytest.UsageError("--hosts takes the place of one host's declared address: name that host with --rig")
    ssh_config = config.getoption("ssh_config")
    if ssh_config and not Path(ssh_config).expanduser().is_file():
        raise pytest.UsageError(f"--ssh-config {ssh_config}: there is no such file")
    return {
        name: Target(
            rig,
            declared.connections[name],
            spec,
            ssh_config,
            config.getoption("ssh_identity_file"),
            config.getoption("sudo"),
        )
        for name, rig in declared.rigs.items()
    }


# Which hosts


def pytest_sessionstart(session: pytest.Session) -> None:
    if not session.config.stash[TARGETS] and not session.config.getoption("collectonly"):
        raise pytest.UsageError("name the host to prove: --rig NAME, or --rig all")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = list(metafunc.config.stash[TARGETS])
    metafunc.parametrize("_target", names or ["any"], indirect=True, scope="session")


@pytest.fixture(autouse=True, scope="session")
def _each_host(_target: Target) -> None:
    """Let every test be asked of every host, those too that use neither the host nor its declaration."""


@pytest.fixture(scope="session")
def _target(request: pytest.FixtureRequest) -> Target:
    return request.config.stash[TARGETS][request.param]


@pytest.fixture(scope="session")
def rig(_target: Target) -> Rig:
    """The declaration that the host is held against."""
    return _target.rig


@pytest.fixture(scope="session")
def host(_target: Target) -> Host:
    """testinfra's host, as root, over the one connection of the session."""
    return _target.host


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Connect to all hosts first. The tests of those that cannot be reached are not run: one error each says it all."""
    targets = session.config.stash[TARGETS]
    if session.config.getoption("collectonly") or not targets:
        return
    with ThreadPoolExecutor(max_workers=16) as pool:
        for name, trouble in zip(targets, pool.map(_connected, targets.values()), strict=True):
            targets[name].trouble = trouble
            reached = {"reachable": trouble is None, "error": trouble, "remark": targets[name].remark}
            _tell(session.config, {"event": "host", "host": name, **reached})
    _tell(session.config, {"event": "tests", "count": len(session.items)})
    gone = [item for item in session.items if (target := _target_of(item)) and target.trouble]
    if gone:
        session.items[:] = [item for item in session.items if item not in gone]
        session.config.hook.pytest_deselected(items=gone)


def _connected(target: Target) -> str | None:
    try:
        target.connect()
    except Unreachable as error:
        return str(error)
    return None


def _target_of(item: pytest.Item) -> Target | None:
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("_target") if callspec else None
    return item.config.stash[TARGETS].get(name) if name else None


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    targets = session.config.stash[TARGETS].values()
    for target in targets:
        target.close()
    quiet = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if exitstatus in quiet and any(target.trouble for target in targets):
        session.exitstatus = UNREACHABLE


# What becomes of an answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    error = call.excinfo.value if call.excinfo else None
    target = _target_of(item)
    report.could_not_tell = None  # type: ignore[attr-defined]
    if isinstance(error, CouldNotTell):
        _could_not_tell(report, item, str(error))
    elif isinstance(error, pytest.skip.Exception):
        report.outcome, report.longrepr = "failed", f"the proof skips nothing: could_not_tell() says why ({error})"
    elif isinstance(error, RuntimeError) and target and target.is_lost():
        target.trouble = f"the connection to {target.rig.name} was lost"
        _tell(item.config, {"event": "host", "host": target.rig.name, "reachable": False, "error": target.trouble})
        _could_not_tell(report, item, target.trouble)
    if report.when == "call" or report.outcome != "passed":
        _tell(item.config, _answer(item, report, error))
    return report


def _could_not_tell(report: pytest.TestReport, item: pytest.Item, why: str) -> None:
    report.outcome = "skipped"
    report.longrepr = (str(item.path), item.location[1] or 0, f"could not tell: {why}")
    report.could_not_tell = why  # type: ignore[attr-defined]


def pytest_runtest_setup(item: pytest.Item) -> None:
    target = _target_of(item)
    if target and target.trouble:
        raise CouldNotTell(target.trouble)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    if getattr(report, "could_not_tell", None):
        return "could not tell", "?", ("COULD NOT TELL", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    untold = terminalreporter.stats.get("could not tell", [])
    if untold:
        terminalreporter.section("could not tell", yellow=True)
        for report in untold:
            terminalreporter.line(f"{report.nodeid}: {report.could_not_tell}")
    for target in config.stash[TARGETS].values():
        if target.remark:
            terminalreporter.line(f"{target.rig.name} {target.remark}")
    troubles = [target.trouble for target in config.stash[TARGETS].values() if target.trouble]
    if troubles:
        terminalreporter.section("could not reach", red=True, bold=True)
        for trouble in troubles:
            terminalreporter.line(trouble)


# Events, for programs that show the proof


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("collectonly"):
        for item in session.items:
            _tell(session.config, {"event": "collected", **_test(item)})


def _tell(config: pytest.Config, event: dict[str, Any]) -> None:
    file = config.getoption("proof_events", default=None)
    if file:
        with Path(file).open("a", encoding="utf-8") as events:
            events.write(json.dumps(event) + "\n")


def _test(item: pytest.Item) -> dict[str, Any]:
    target = _target_of(item)
    doc = (getattr(getattr(item, "function", None), "__doc__", None) or "").strip().partition("\n")[0]
    name = getattr(item, "originalname", item.name)
    return {
        "host": target.rig.name if target else None,
        "layer": item.path.stem.removeprefix("test_"),
        "test": name,
        "title": doc.rstrip(".") or name.removeprefix("test_").replace("_", " "),
        "keys": [key for mark in item.iter_markers("proves") for key in mark.args],
    }


def _answer(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> dict[str, Any]:
    why = getattr(report, "could_not_tell", None)
    answer = "could not tell" if why else "falls short" if report.outcome == "failed" else "holds"
    return {
        "event": "answer",
        **_test(item),
        "answer": answer,
        "message": why or (_message(report, error) if answer == "falls short" else None),
        "seconds": round(report.duration, 3),
    }


def _message(report: pytest.TestReport, error: BaseException | None) -> str:
    """What an assertion says to people: the author's text, without pytest's rendering of the expression under it."""
    if isinstance(error, AssertionError):
        return str(error).partition("\nassert ")[0].strip() or "the assertion says nothing"
    return f"the test itself failed: {type(error).__name__}: {error}" if error else str(report.longrepr)

"""pyinfra is what the engine was written for, and if it is not, that is an error at start."""

from __future__ import annotations

import types
from importlib import import_module
from pathlib import Path

import pytest

from rigwright.engine.run import Run  # noqa: F401  # isort: skip
import pyinfra
from pyinfra.api import State, facts, util
from pyinfra.api.host import Host
from pyinfra.connectors.ssh import SSHConnector
from pyinfra_cli import util as cli_util

from rigwright.engine import pyinfra_patch
from rigwright.engine.contract import PyinfraChanged, replace, require_version


def test_this_pyinfra_takes_every_patch(tmp_path: Path) -> None:
    pyinfra_patch.install(tmp_path)
    for patched in (facts._get_fact, State.should_check_for_changes, Host.run_shell_command, SSHConnector.connect):
        assert "rigwright" in patched.__code__.co_filename


def test_operations_are_ordered_as_pyinfra_orders_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyinfra, "is_cli", True)
    pyinfra_patch.install(tmp_path)
    ours = import_module("pyinfra.api.operation").get_operation_order_from_stack
    state = types.SimpleNamespace(current_deploy_filename=__file__, current_op_file_number=7)

    def nested() -> tuple[list[int], list[int]]:
        return ours(state), util.get_operation_order_from_stack(state)

    mine, theirs = nested()
    assert mine == theirs
    assert mine[0] == 7
    assert len(mine) == 3


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyinfra, "__version__", "3.11.0")
    with pytest.raises(PyinfraChanged, match=r"pyinfra 3\.11\.0 is installed; rigwright is written for 3\.10\.\*"):
        require_version()


def test_what_is_gone_is_named() -> None:
    with pytest.raises(PyinfraChanged, match=r"pyinfra\.api\.facts\.fetch_fact is gone"):
        replace(facts, "fetch_fact", [], lambda original: original)


def test_what_takes_other_parameters_is_named() -> None:
    with pytest.raises(PyinfraChanged, match=r"State\.activate_host .* takes \['self', 'host'\], not \['self'\]"):
        replace(State, "activate_host", ["self"], lambda original: original)


def test_further_parameters_may_be_left_open() -> None:
    owner = types.ModuleType("owner")
    owner.call = lambda first, second=2: (first, second)  # type: ignore[attr-defined]
    replace(owner, "call", ["first", "..."], lambda original: lambda *given: ("new", *original(*given)))
    assert owner.call(1) == ("new", 1, 2)


def test_a_missing_cache_of_compiled_inventories_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cli_util, "PYTHON_CODES")
    with pytest.raises(PyinfraChanged, match="PYTHON_CODES"):
        pyinfra_patch.install(tmp_path)

"""Every rule both ways: what it refuses, and the like of it that is sound."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rigwright.rules
from rigwright.catalog import Catalog, catalog
from rigwright.rules import connection as connection_rules
from rigwright.rules import findings
from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig
from tests.unit.rules.case import LOCKS, REFERENCE, Case, card, machine, rtx5090
from tests.unit.rules.cases_access import ACCESS, CONNECTION
from tests.unit.rules.cases_backup import BACKUP
from tests.unit.rules.cases_base import BASE
from tests.unit.rules.cases_driver import DRIVER
from tests.unit.rules.cases_fit import FIT
from tests.unit.rules.cases_gateway import GATEWAY
from tests.unit.rules.cases_hardware import HARDWARE
from tests.unit.rules.cases_install import INSTALL, INSTALL_WAY_IN
from tests.unit.rules.cases_layers import LAYERS
from tests.unit.rules.cases_models import MODELS
from tests.unit.rules.cases_ollama import OLLAMA
from tests.unit.rules.cases_rigd import RIGD
from tests.unit.rules.cases_runtimes import RUNTIMES

ALL = [
    *HARDWARE,
    *BASE,
    *ACCESS,
    *DRIVER,
    *LAYERS,
    *RIGD,
    *MODELS,
    *RUNTIMES,
    *GATEWAY,
    *BACKUP,
    *FIT,
    *OLLAMA,
    *INSTALL,
]
WAYS_IN = [*CONNECTION, *INSTALL_WAY_IN]


def rig(parts: Mapping[str, Any]) -> Rig:
    """A sound Rig with these parts."""
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, **parts}).locked_by(LOCKS)


def found(parts: Mapping[str, Any]) -> list[str]:
    return [f"{finding.id} {finding.key}" for finding in findings(rig(parts), catalog())]


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_what_is_wrong_is_found_and_nothing_else(case: Case) -> None:
    assert found(case.wrong) == [f"{case.finding} {case.key}"]


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_what_is_right_is_not(case: Case) -> None:
    assert found(case.right) == []


@pytest.mark.parametrize("case", WAYS_IN, ids=[case.id for case in WAYS_IN])
def test_the_way_in(case: Case) -> None:
    def of(parts: Mapping[str, Any]) -> list[str]:
        declared = {name: part for name, part in parts.items() if name != "connection"}
        connection = Connection.model_validate(parts["connection"])
        return [f"{finding.id} {finding.key}" for finding in connection_rules.find(rig(declared), connection)]

    assert of(case.wrong) == [f"{case.finding} {case.key}"]
    assert of(case.right) == []


def test_boards_without_switches_share_out_the_processors_lanes() -> None:
    reference = machine(card("PCIE1"), card("PCIE3"), card("PCIE5"), watts=3000, **REFERENCE)
    known = catalog()
    board = known.machine.boards["ASRock X99 WS-E"].model_copy(update={"switch": False, "shares": None})
    tables = known.machine.model_copy(update={"boards": {"ASRock X99 WS-E": board}})
    switchless = known._replace(machine=tables)
    (finding,) = findings(rig(reference), switchless)
    assert (finding.id, finding.key) == ("pcie.lanes", "hardware.gpus")
    assert "at most 40 lanes in use" in finding.expected
    assert "use 48" in finding.expected
    assert finding.follows_from({"hardware.gpus.2.pcie_width"}), "a width that cannot be read counts as the widest"
    assert not finding.follows_from({"hardware.gpus.2.uuid", "hardware.ram_gib"})
    assert list(findings(rig(reference), known)) == []
    narrow = machine(card("PCIE1"), card("PCIE3"), card("PCIE5", pcie_width=8), watts=3000, **REFERENCE)
    assert list(findings(rig(narrow), switchless)) == []


def test_the_processor_fits_the_board() -> None:
    known = catalog()
    other = known.machine.cpus["Xeon E5-2680 v4"].model_copy(update={"socket": "SP3"})
    tables = known.machine.model_copy(update={"cpus": {"Xeon E5-2680 v4": other}})
    (finding,) = findings(rig(machine(**REFERENCE)), known._replace(machine=tables))
    assert (finding.id, finding.key) == ("hardware.socket", "hardware.cpu")


def test_advice_names_what_the_catalogue_recommends() -> None:
    known = catalog()
    toolkit = known.containers.toolkit.model_copy(update={"recommended": "7.7.7"})
    moved = known._replace(
        containers=known.containers.model_copy(update={"toolkit": toolkit}),
        driver=known.driver.model_copy(update={"recommended": 777}),
    )

    def advice(parts: Mapping[str, Any], tables: Catalog) -> list[str]:
        return [finding.advice for finding in findings(rig(parts), tables)]

    for version in (toolkit.regressions[0], "1.17.0"):
        assert advice({"containers": {"toolkit": {"version": version}}}, moved) == ["Use 7.7.7."]
    assert advice({"driver": {}}, moved) == ["Add branch, e.g. 777, the long-term one."]
    too_old = rtx5090(branch=550)
    assert advice(too_old, moved) == ["Set branch to 777, with source 'nvidia'."]
    older = known._replace(driver=known.driver.model_copy(update={"recommended": 535}))
    assert advice(too_old, older) == ["Set branch to 570, with source 'nvidia'."], "never one that is too old as well"


def test_every_finding_is_in_the_table() -> None:
    """A rule that nobody tests would be found here by the id in its source."""
    tested = {case.finding for case in (*ALL, *WAYS_IN)} | {"hardware.socket", "pcie.lanes"}
    written: set[str] = set()
    for path in Path(rigwright.rules.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                written.add(_id_of(node.args[0]))
    patterned = {name for name in written if "*" in name}
    assert {name for name in written - patterned if name not in tested} == set()
    for pattern in patterned:
        assert [name for name in tested if name.startswith(pattern.partition("*")[0])], pattern


def _id_of(node: ast.expr) -> str:
    """A finding's id as written; '*' for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)

"""The inventory folder, as pyinfra's groups and literally on pyinfra's command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyinfra.api.exceptions import InventoryError

from rigwright.engine.inventory import groups

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/home.py").write_text("_no = ['group']\nhome = [('@fake/a', {'one': 1}), '@fake/b']\n")
    (tmp_path / "inventory/lab.py").write_text("lab = (['@fake/c'], {'two': 2})\nnumber = 3\n")
    (tmp_path / "inventory/_draft.py").write_text("draft = ['@fake/d']\n")
    (tmp_path / "config.py").write_text((ROOT / "config.py").read_text())
    (tmp_path / "deploy.py").write_text("")
    return tmp_path


def test_groups_come_from_every_site(project: Path) -> None:
    assert groups(project / "inventory") == {
        "home": [("@fake/a", {"one": 1}), "@fake/b"],
        "lab": (["@fake/c"], {"two": 2}),
    }


def test_a_group_in_two_files_is_refused(project: Path) -> None:
    (project / "inventory/office.py").write_text("lab = ['@fake/e']\n")
    with pytest.raises(InventoryError, match=r"group lab stands in .*lab\.py and in .*office\.py"):
        groups(project / "inventory")


def pyinfra(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import pyinfra_cli.main as m; m.main()", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def hosts(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return {host["name"]: host for host in json.loads(done.stdout)}


@pytest.mark.parametrize("spelling", ["inventory", "inventory/", "./inventory", "ABSOLUTE"])
def test_pyinfra_reads_the_folder_under_every_spelling(project: Path, spelling: str) -> None:
    name = spelling.replace("ABSOLUTE", str(project / "inventory"))
    found = hosts(pyinfra(project, name, "--json", "debug-inventory"))
    assert set(found) == {"@fake/a", "@fake/b", "@fake/c"}
    assert found["@fake/a"]["data"] == {"one": 1}
    assert found["@fake/c"]["data"] == {"two": 2}
    assert {"home", "inventory"} <= set(found["@fake/a"]["groups"])  # type: ignore[arg-type]


def test_pyinfra_reads_the_folder_from_elsewhere(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert len(hosts(pyinfra(elsewhere, "--chdir", str(project), "inventory", "--json", "debug-inventory"))) == 3


def test_pyinfra_reads_one_site(project: Path) -> None:
    assert set(hosts(pyinfra(project, "inventory/lab.py", "--json", "debug-inventory"))) == {"@fake/c"}


def test_pyinfra_reads_group_data(project: Path) -> None:
    (project / "group_data").mkdir()
    (project / "group_data/home.py").write_text("ssh_user = 'admin'\n")
    found = hosts(pyinfra(project, "inventory", "--json", "debug-inventory"))
    assert found["@fake/b"]["data"] == {"ssh_user": "admin"}
    assert found["@fake/c"]["data"] == {"two": 2}

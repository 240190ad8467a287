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


HOME = """_no = ['group']
home = [('@fake/a', {'driver': {'branch': 580}}), ('@fake/b', {'driver': {'branch': 580}})]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/home.py").write_text(HOME)
    (tmp_path / "inventory/lab.py").write_text("lab = (['@fake/c'], {'driver': {'branch': 570}})\nnumber = 3\n")
    (tmp_path / "inventory/_draft.py").write_text("draft = ['@fake/d']\n")
    (tmp_path / "config.py").write_text((ROOT / "config.py").read_text())
    (tmp_path / "deploy.py").write_text("")
    return tmp_path


def test_groups_come_from_every_site(project: Path) -> None:
    assert groups(project) == {
        "home": ([("@fake/a", {"driver": {"branch": 580}}), ("@fake/b", {"driver": {"branch": 580}})], {}),
        "lab": ([("@fake/c", {})], {"driver": {"branch": 570}}),
    }
    assert list(groups(project, "inventory/lab.py")) == ["lab"]


def test_a_group_in_two_files_is_refused(project: Path) -> None:
    (project / "inventory/office.py").write_text("lab = ['@fake/e']\n")
    with pytest.raises(InventoryError, match=r"group 'lab' \[inventory/office.py:1\]: expected a group's name once"):
        groups(project)


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
    assert found["@fake/a"]["data"] == {"driver": {"branch": 580}}
    assert found["@fake/c"]["data"] == {"driver": {"branch": 570}}
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
    assert found["@fake/b"]["data"] == {"driver": {"branch": 580}, "ssh_user": "admin"}
    assert found["@fake/c"]["data"] == {"driver": {"branch": 570}}


@pytest.mark.parametrize(
    ("name", "home", "said"),
    [
        (
            "inventory",
            "home = [('@fake/a', {'driver': {'brnch': 580}}), 5]",
            ["group 'home' [inventory/home.py:1]", "driver.brnch"],
        ),
        (
            "inventory/home.py",
            "home = [('@fake/a', {'driver': {'branch': 580}})],",
            ["Remove the comma after the list"],
        ),
        ("inventory", "home = [", ["inventory/home.py:1: expected Python that parses"]),
        (
            "inventory/home.py",
            "home = [nobody]",
            ["inventory/home.py:1: expected a file that runs. Python says: NameError"],
        ),
        ("inventory", HOME.replace("580", "1580"), ["driver.branch = 1580", "@fake/a, @fake/b"]),
    ],
)
def test_pyinfra_deploys_nothing_of_what_is_not_sound(project: Path, name: str, home: str, said: list[str]) -> None:
    (project / "inventory/home.py").write_text(home)
    done = pyinfra(project, "-y", name, "deploy.py")
    assert done.returncode == 1
    assert [text for text in said if text not in done.stderr] == []
    assert "Traceback" not in done.stderr


def test_pyinfra_does_not_call_it_a_success_when_no_host_is_left(project: Path) -> None:
    done = pyinfra(project, "-y", "--limit", "nobody", "inventory", "deploy.py")
    assert done.returncode == 1
    assert "no host of the inventory is left by --limit and --exclude" in done.stderr


def test_the_declaration_is_judged_even_if_no_host_is_left(project: Path) -> None:
    (project / "inventory/lab.py").write_text("lab = [('@fake/c', {'driver': {'brnch': 580}})]\n")
    done = pyinfra(project, "-y", "--limit", "nobody", "inventory", "deploy.py")
    assert done.returncode == 1
    assert "driver.brnch" in done.stderr


def test_data_goes_to_the_hosts_within_the_limit_alone(project: Path) -> None:
    lab = {
        "driver": {"branch": 580},
        "base": {"disks": {"a": {"uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77", "mount": "/a"}}},
    }
    (project / "inventory/lab.py").write_text(f"lab = [('@fake/c', {lab!r})]\nwithout_a_branch = ['@fake/d']\n")
    done = pyinfra(project, "-y", "--limit", "lab", "--data", "base.disks.a.mount=/srv", "inventory", "deploy.py")
    assert done.returncode == 0, done.stderr


def test_options_of_the_run_are_no_part_of_the_declaration(project: Path) -> None:
    options = ["--ssh-password", "hunter2", "--ssh-key-password", "hunter2", "--data", "no_reboot=true"]
    done = pyinfra(project, "-y", *options, "--data", "layers=base", "inventory", "deploy.py")
    assert done.returncode == 0, done.stderr

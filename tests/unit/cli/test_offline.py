"""`rig show`, `schema` and `check`: what they print, where, and their exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli import console, exit_codes
from cli.main import COMMANDS, run
from tests.unit.spec.project import host, project

SOUND = '"profiles": ["inference"],\n"driver": {"branch": 580},'


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run `rig` in a project with this host: its status, what it printed, and what it said on stderr."""

    def in_project(*arguments: str, body: str = SOUND) -> tuple[int, str, str]:
        monkeypatch.chdir(project(tmp_path, host(body)))
        console.out.cache_clear()
        console.err.cache_clear()
        status = run(list(arguments))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return in_project


def test_check_of_what_is_sound(rig) -> None:  # type: ignore[no-untyped-def]
    assert rig("check") == (exit_codes.HOLDS, "basement (inference): sound\n", "")


def test_check_of_what_is_not_lists_every_fault_on_stderr(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("check", "--set", "driver.brnch=1", "--set", "access.ssh.port=0")
    assert (status, out) == (exit_codes.FAILED, "")
    assert err == (
        "basement: access.ssh.port = 0  [--set]\n"
        "    expected  a whole number from 1 to 65535\n"
        "    do        Correct the value.\n"
        "basement: driver.brnch = 1  [--set]\n"
        "    expected  a known key: state, source, branch, version, flavour, reboot, repository_url and "
        "repository_fingerprint\n"
        "    nearest   driver.branch\n"
        "    do        Rename it.\n"
        "2 faults; nothing was connected to.\n"
    )


def test_check_as_json(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("check", "--json", "--set", "access.ssh.port=0")
    assert (status, err) == (exit_codes.FAILED, "")
    answer = json.loads(out)
    assert answer["sound"] is False
    (fault,) = answer["faults"]
    assert (fault["hosts"], fault["key"], fault["value"], fault["set_at"]) == (
        ["basement"],
        "access.ssh.port",
        "0",
        "--set",
    )
    status, out, _ = rig("check", "--json")
    assert (status, json.loads(out)) == (0, {"sound": True, "hosts": ["basement"], "faults": [], "warnings": []})


def test_warnings_do_not_fail(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("check", "--set", "containers.toolkit.version=1.19.1")
    assert (status, out) == (0, "basement (inference): sound\n")
    assert err.startswith("warning: basement: containers.toolkit.version = '1.19.1'  [--set]\n")


def test_show_says_where_values_come_from(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("show", "basement", "--origin", "--set", "base.hostname=cellar")
    assert (status, err) == (0, "")
    lines = {" ".join(line.split()) for line in out.splitlines()}
    assert {
        "basement",
        "branch 580 inventory/home.py:6",
        "hostname cellar --set",
        "timezone Etc/UTC default",
        "profiles inference inventory/home.py:5",
    } <= lines
    assert not [line for line in out.splitlines() if line != line.rstrip()]


def test_show_without_origins_says_none(rig) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = rig("show", "basement")
    assert "home.py" not in out


def test_show_keeps_a_curves_points_apart(rig) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = rig("show", "--set", "fans.curve=[[40,30],[83,100]]")
    assert re.search(r"^ +curve +\[40, 30\], \[83, 100\]$", out, re.MULTILINE), out


def test_show_as_json_is_the_whole_declaration(rig) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = rig("show", "--json")
    values = json.loads(out)["basement"]
    assert values["driver"]["branch"] == 580
    assert values["ssh_user"] == "root"
    assert values["base"]["packages"]["curl"] is True
    _, out, _ = rig("show", "--json", "--origin")
    answer = json.loads(out)["basement"]
    assert answer["values"] == values
    assert answer["origins"]["driver.branch"] == "inventory/home.py:6"
    assert answer["origins"]["base.packages.curl"] == "default"


def test_show_of_an_unsound_declaration_says_why(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("show", body='"driver": {"brnch": 580},')
    assert (status, out) == (exit_codes.FAILED, "")
    assert "did you mean" not in err
    assert "    nearest   driver.branch\n" in err


def test_show_as_json_of_an_unsound_declaration_is_a_document(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("show", "--json", body='"driver": {"brnch": 580},')
    assert (status, err) == (exit_codes.FAILED, "")
    assert out == rig("check", "--json", body='"driver": {"brnch": 580},')[1]
    assert [fault["nearest"] for fault in json.loads(out)["faults"]] == ["driver.branch"]


def test_schema(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = rig("schema")
    assert status == 0
    assert json.loads(out)["title"] == "Host"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["check", "basment"], "no host or group 'basment' in the inventory. Did you mean 'basement'?"),
        (["check", "--set", "driver"], "--set 'driver': expected key.path=value, e.g. --set driver.branch=580"),
        (["check", "--profil", "x"], "No such option"),
        (["--chdir", "/nowhere/at/all", "check"], "does not exist"),
    ],
)
def test_wrong_usage(rig, arguments: list[str], said: str) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig(*arguments)
    assert (status, out) == (exit_codes.USAGE, "")
    assert said in err


def test_outside_a_project(rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(["check"]) == exit_codes.USAGE
    assert "no project found: looked for a folder with deploy.py and inventory/ in" in capsys.readouterr().err
    assert rig("check")[0] == 0
    monkeypatch.chdir("/")
    assert run(["--chdir", str(tmp_path), "check"]) == 0


def test_every_command_is_listed_with_a_sentence(rig) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = rig("--help")
    words = " ".join(out.split())
    assert all(f"{name} {entry.help}" in words for name, entry in COMMANDS.items())


def test_exit_statuses_are_said_alike_everywhere(rig) -> None:  # type: ignore[no-untyped-def]
    """A proof of which something could not be told ends with 0, and with 3 only where that was asked for."""
    words = (
        "1 failed or falls short, 2 changes pending, 3 could not reach or, with verify --strict, could not tell, "
        "4 a change of the driver neither done nor taken back, 64 wrong usage, 130 interrupted"
    )
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text()
    for text in (rig("--help")[1], readme):
        assert words in " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["show"], ["schema"], ["--version"]])
def test_offline_commands_do_not_import_pyinfra(arguments: list[str], tmp_path: Path) -> None:
    """It takes most of a second, and changes the process."""
    root = project(tmp_path, host(SOUND))
    program = (
        "import sys; from cli.main import run; status = run(sys.argv[1:]); "
        "sys.exit(status or sum(name.split('.')[0] in {'pyinfra', 'pyinfra_cli', 'gevent'} for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

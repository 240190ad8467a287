"""What `make` sets up on a bare machine, with stubs for all that is there: what it lacks is said in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SET_UP = Path(__file__).resolve().parents[2] / ".ci/set-up"
ROOT = {"id": "echo 0"}
USER = {"id": "echo 1000"}
DEBIAN = {"apt-get": 'echo "$@" >> "$0.calls"', "env": 'shift; exec "$@"', "grep": 'exec /bin/grep "$@"'}
INSTALLED = {"dpkg-query": 'case "$*" in *" here") echo install ok installed ;; *) exit 1 ;; esac'}
HOSTS = {"bin/python": "echo here missing absent"}
"""An environment whose hosts need these packages."""


def python3(version: tuple[int, int]) -> dict[str, str]:
    """A python3 of that version, which has ensurepip and makes no environment (status 7)."""
    major, minor = version
    program = f"import sys; sys.version_info = ({major}, {minor}, 2); exec(sys.argv[1])"
    return {
        "python3": f"""case "$*" in
            --version) echo Python {major}.{minor}.2 ;;
            *ensurepip*) ;;
            -c*) exec {sys.executable} -c "{program}" "$2" ;;
            *) exit 7 ;;
        esac"""
    }


def set_up(folder: Path, arguments: list[str], *programs: dict[str, str]) -> tuple[int, list[str]]:
    """Exit status and the lines on stderr, where nothing is on PATH but these."""
    for name, text in {name: text for part in programs for name, text in part.items()}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(SET_UP), *arguments],
        cwd=folder, env={"PATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


def test_no_apt(tmp_path: Path) -> None:
    assert set_up(tmp_path, ["hosts", "."], ROOT, INSTALLED, HOSTS, {"grep": DEBIAN["grep"]}) == (
        1,
        ["rigwright: apt-get is needed to install: missing absent. Is this Debian or Ubuntu?"],
    )


@pytest.mark.parametrize("sudo", [{}, {"sudo": "echo a password is required >&2; exit 1"}], ids=["none", "asks"])
def test_neither_root_nor_sudo(tmp_path: Path, sudo: dict[str, str]) -> None:
    assert set_up(tmp_path, ["hosts", "."], USER, sudo, DEBIAN, INSTALLED, HOSTS) == (
        1,
        ["rigwright: root, or sudo without a password, is needed to install: missing absent"],
    )
    assert not (tmp_path / "apt-get.calls").exists()


@pytest.mark.parametrize("who", [ROOT, {**USER, "sudo": 'shift; [ "$1" = true ] || exec "$@"'}], ids=["root", "sudo"])
def test_only_what_is_missing_is_installed(tmp_path: Path, who: dict[str, str]) -> None:
    status, said = set_up(tmp_path, ["hosts", "."], who, DEBIAN, INSTALLED, HOSTS)
    assert (status, said) == (0, ["installing Debian packages: missing absent"])
    assert (tmp_path / "apt-get.calls").read_text().splitlines() == [
        "-qq update",
        "-qq -y --no-install-recommends install missing absent",
    ]


def test_where_nothing_is_missing_neither_apt_nor_root_is_needed(tmp_path: Path) -> None:
    complete = {"bin/python": "echo here here"}
    assert set_up(tmp_path, ["hosts", "."], USER, INSTALLED, complete, {"grep": DEBIAN["grep"]}) == (0, [])


def test_a_mirror_that_does_not_answer_is_said_and_the_lists_at_hand_are_tried(tmp_path: Path) -> None:
    failing = {"apt-get": '[ "$2" != update ]'}
    assert set_up(tmp_path, ["hosts", "."], ROOT, DEBIAN, failing, INSTALLED, HOSTS) == (
        0,
        [
            "installing Debian packages: missing absent",
            "apt-get update reported errors; going on with the lists at hand",
        ],
    )


def test_an_old_python(tmp_path: Path) -> None:
    assert set_up(tmp_path, ["venv", "new"], ROOT, python3((3, 10))) == (
        1,
        ["rigwright: Python 3.11 or newer is needed; python3 here is Python 3.10.2"],
    )


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_a_new_python(tmp_path: Path, version: tuple[int, int]) -> None:
    assert set_up(tmp_path, ["venv", "new"], ROOT, python3(version)) == (7, []), "it is asked to make the environment"


def test_no_python(tmp_path: Path) -> None:
    assert set_up(tmp_path, ["venv", "new"], ROOT) == (
        1,
        ["rigwright: Python 3.11 or newer is needed; there is no python3 here"],
    )


def test_a_python_without_its_venv_gets_debians_package(tmp_path: Path) -> None:
    bare = {"python3": python3((3, 13))["python3"].replace("*ensurepip*) ;;", "*ensurepip*) exit 1 ;;")}
    assert set_up(tmp_path, ["venv", "new"], ROOT, bare) == (
        1,
        ["rigwright: apt-get is needed to install: python3-venv. Is this Debian or Ubuntu?"],
    )


@pytest.mark.parametrize("arguments", [[], ["everything"]])
def test_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    assert set_up(tmp_path, arguments, ROOT) == (64, ["set-up: venv, hosts or bench"])

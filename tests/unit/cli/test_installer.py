"""`rig installer`: what it makes, prints and refuses, as far as nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import console, exit_codes
from cli.main import run
from tests.unit.installer.order import KEY
from tests.unit.spec.project import host, project

BODY = f"""
    "driver": {{"branch": 580}},
    "base": {{"hostname": "basement"}},
    "access": {{"users": {{"me": {{"keys": ["{KEY}"]}}}}}},
"""
INSTALL = (
    '"install": {"release": "trixie", "disk": {"serial": "S1"}, "mirror": "http://mirror.lan/debian", '
    '"security_mirror": "http://mirror.lan/debian-security"},'
)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def in_project(*arguments: str, body: str = BODY + INSTALL) -> tuple[int, str, str]:
        monkeypatch.chdir(project(tmp_path, host(body)))
        console.out.cache_clear()
        console.err.cache_clear()
        status = run(["installer", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return in_project


def test_it_says_what_happens_to_which_disk_first(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("basement", "--format", "files", "--output", str(tmp_path / "out"))
    assert (status, err) == (exit_codes.HOLDS, "")
    lines = out.splitlines()
    assert lines[0].startswith("The disk with serial number S1 is erased, all of it, without a question")
    assert lines[1] == (
        f"Who can log in, by key alone: root, me. Its SSH host key: {tmp_path / 'out/ssh_host_ed25519_key'}."
    )
    assert f"made {tmp_path / 'out/files/preseed.cfg'}" in lines
    assert lines[-1].endswith("Once it has restarted: rig apply basement")


def test_json_is_one_document(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("basement", "--format", "files", "--wipe", "--output", str(tmp_path / "out"), "--json")
    assert (status, err) == (exit_codes.HOLDS, "")
    document = json.loads(out)
    assert (document["command"], document["exit_status"]) == ("installer", 0)
    (told,) = document["hosts"]
    assert told["error"] is None
    assert (told["disk"], told["release"], told["wipe"], told["people"]) == ("S1", "trixie", True, ["root", "me"])
    assert told["known_hosts"] == f"basement {told['host_key']}\n"
    assert "PRIVATE" not in out


def test_by_default_it_is_made_in_a_folder_that_git_ignores(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert rig("basement", "--format", "files")[0] == exit_codes.HOLDS
    assert list(tmp_path.rglob(".rig/installer/basement/files/preseed.cfg"))


def test_a_host_without_the_section_is_told_so(rig) -> None:  # type: ignore[no-untyped-def]
    status, out, err = rig("basement", body=BODY)
    assert (status, out) == (exit_codes.FAILED, "")
    assert err.startswith(
        "Error: basement: install is not declared: expected what to install, and on which disk. Nothing was made. Add "
        '"install": {"release": "trixie", "disk": {"serial": "..."}} to its entry;'
    )
    status, out, err = rig("basement", "--json", body=BODY)
    assert (status, err) == (exit_codes.FAILED, "")
    assert "install is not declared" in json.loads(out)["hosts"][0]["error"]


def test_faults_are_said_before_anything_is_made(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    arguments = ("basement", "--set", "install.release=trixy", "--output", str(tmp_path / "out"))
    status, out, err = rig(*arguments)
    assert (status, out) == (exit_codes.FAILED, "")
    assert "expected  a release of the catalogue: bookworm, trixie" in err
    status, out, err = rig(*arguments, "--json")
    assert json.loads(out)["faults"][0]["id"] == "install.unknown-release"
    assert (status, err) == (exit_codes.FAILED, "")
    assert not (tmp_path / "out").exists()


def test_a_mirror_that_is_none_is_named(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, _, err = rig("basement", "--set", "install.mirror=http://127.0.0.1:1/debian", "--output", str(tmp_path))
    assert status == exit_codes.FAILED
    assert err.startswith("Error: basement: cannot fetch http://127.0.0.1:1/debian/dists/trixie/InRelease: ")


def test_a_secret_that_cannot_be_read_is_named(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, _, err = rig("basement", "--set", 'install.host_key={"env": "NO_KEY"}', "--output", str(tmp_path))
    assert (status, err) == (exit_codes.FAILED, "Error: basement: no secret: environment variable NO_KEY is not set\n")


def test_a_place_that_cannot_be_written_is_named(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    status, _, err = rig("basement", "--format", "files", "--output", str(tmp_path / "file/out"))
    assert status == exit_codes.FAILED
    assert err.startswith(f"Error: basement: cannot write {tmp_path / 'file/out'}: ")


@pytest.mark.parametrize("arguments", [(), ("home",), ("nobody",), ("basement", "--format", "dvd")])
def test_wrong_usage(rig, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    assert rig(*arguments)[0] == exit_codes.USAGE

"""What restic's errors mean, as its versions write them; and that no secret is among its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from save import restic
from save.errors import NoRepository, Trouble
from save.plan import Item, Plan, read

OLD_MISSING = (
    "Fatal: unable to open config file: stat /repo/config: no such file or directory\n"
    "Is there a repository at the following location?\n/repo"
)
OLD_REFUSED = (
    'Fatal: unable to open config file: Head "http://nas:8000/config": dial tcp 10.0.0.9:8000: connect: connection '
    "refused\nIs there a repository at the following location?\nrest:http://nas:8000/"
)
NEW_MISSING = (
    "Fatal: repository does not exist: unable to open config file: stat /repo/config: no such file or directory"
)
PASSWORD = "Fatal: wrong password or no key found"
EXIT = json.dumps({"message_type": "exit_error", "code": 1, "message": "Fatal: unable to open repository"})


def plan() -> Plan:
    command = "ssh -p 22 me@nas -s sftp"
    secrets = {"RESTIC_PASSWORD": "secret"}
    return Plan("x", "/repo", None, command, [Item("a", ["/a"])], [], [], {"daily": 1}, 7, secrets)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in restic's place: it ends with ``status`` after having said ``text``; its words are in ``words``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "restic"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat {tmp_path}/text >&2\nexit $(cat {tmp_path}/status)\n'
    )
    program.chmod(0o755)
    real = restic.Restic.__init__

    def made(self: restic.Restic, told: Plan) -> None:
        real(self, told)
        self._environment["PATH"] = f"{folder}:/usr/bin:/bin"

    monkeypatch.setattr(restic.Restic, "__init__", made)
    return tmp_path


@pytest.mark.parametrize(
    ("status", "text", "kind", "has"),
    [
        (1, OLD_MISSING, NoRepository, "there is no repository"),
        (10, NEW_MISSING, NoRepository, "there is no repository"),
        (1, OLD_REFUSED, Trouble, "connection refused"),
        (1, PASSWORD, Trouble, "cannot be opened: wrong password"),
        (12, PASSWORD, Trouble, "cannot be opened: wrong password"),
        (1, EXIT, Trouble, "restic cat: Fatal: unable to open repository"),
        (1, "", Trouble, "restic cat: it ended with 1 and said nothing"),
    ],
)
def test_errors(stand_in: Path, status: int, text: str, kind: type[Trouble], has: str) -> None:
    (stand_in / "status").write_text(str(status))
    (stand_in / "text").write_text(text)
    with pytest.raises(Trouble, match=has) as error:
        restic.Restic(plan()).said("cat", "config")
    assert type(error.value) is kind
    with pytest.raises(kind):
        list(restic.Restic(plan()).messages("cat", "config"))


def test_secrets_are_none_of_its_words(stand_in: Path) -> None:
    (stand_in / "status").write_text("0")
    (stand_in / "text").write_text("")
    list(restic.Restic(plan()).messages("backup", "--", "/a"))
    assert (stand_in / "words").read_text() == "-o sftp.command=ssh -p 22 me@nas -s sftp backup --json -- /a\n"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("restic 0.14.0 compiled with go1.19.8 on linux/amd64", []),
        ("restic 0.18.0 compiled with go1.24.4 on linux/amd64", ["--retry-lock", "30m"]),
        ("something else", []),
    ],
)
def test_it_waits_for_other_hosts_where_it_can(version: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restic.Restic, "said", lambda self, *asked: version)
    assert restic.Restic(plan()).patience() == words


def test_a_path_means_itself_alone() -> None:
    assert restic.pattern("/a [1]*?\\b") == "/a \\[1]\\*\\?\\\\b"


def test_what_apply_has_not_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"plan.json: No such file or directory: rig apply"):
        read(tmp_path)
    (tmp_path / "plan.json").write_text('{"items": []}')
    (tmp_path / "secrets.json").write_text("{}")
    with pytest.raises(Trouble, match="is not of this version: rig apply"):
        read(tmp_path)
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(Trouble, match="is broken"):
        read(tmp_path)

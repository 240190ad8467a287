"""files: what closes the gap, and nothing else."""

from __future__ import annotations

import pytest

from rigwright.facts.files import Files
from rigwright.operations import files
from tests.unit.operations.harness import Case, file, folder, link, run

MOTD = {"dest": "/etc/motd", "text": "hello\n"}

CASES = [
    Case("content: nothing to do", files.content, MOTD, {Files: {"/etc/motd": file("hello\n")}}),
    Case(
        "content: missing",
        files.content,
        MOTD,
        has=["mkdir -p /etc ", "chmod 644", "mv -fT", "<<<\nhello\n"],
        lacks=["visudo"],
        why=["/etc/motd: missing"],
    ),
    Case(
        "content: other text and mode",
        files.content,
        {**MOTD, "mode": "600"},
        {Files: {"/etc/motd": file("bye\n")}},
        has=["chmod 600"],
        why=["/etc/motd: content differs, mode 644, wanted 600"],
    ),
    Case(
        "content: a link in its place",
        files.content,
        MOTD,
        {Files: {"/etc/motd": link("/run/motd")}},
        has=["mv -fT"],
        why=["/etc/motd: link to /run/motd, wanted a file"],
    ),
    Case(
        "content: checked before it takes its place",
        files.content,
        {**MOTD, "validate": "visudo -cf {path}"},
        has=['visudo -cf "$new" && sync "$new" && mv -fT'],
    ),
    Case(
        "absent: only what is there",
        files.absent,
        {"paths": ["/a", "/b c"]},
        {Files: {"/b c": file()}},
        commands=["rm -f -- '/b c'"],
        why=["/b c: present, wanted absent"],
    ),
    Case("directory: as declared", files.directory, {"path": "/d"}, {Files: {"/d": folder()}}),
    Case(
        "directory: mode", files.directory, {"path": "/d", "mode": "700"}, {Files: {"/d": folder()}},
        commands=["install -d -m 700 -o root -g root -- /d"],
    ),
    Case("link: as declared", files.link, {"path": "/l", "target": "/t"}, {Files: {"/l": link("/t")}}),
    Case(
        "link: elsewhere", files.link, {"path": "/l", "target": "/t"}, {Files: {"/l": link("/u")}},
        commands=["ln -sfT /t /l.rigwright && mv -fT /l.rigwright /l"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_files(case: Case) -> None:
    case.check()


def test_content_never_shows_in_a_command_line() -> None:
    (command,) = run(files.content, {"dest": "/etc/secret", "text": "s3cret", "mode": "600"}, {}).commands
    line, _, given = command.partition("\n<<<\n")
    assert "s3cret" not in line
    assert given == "s3cret"

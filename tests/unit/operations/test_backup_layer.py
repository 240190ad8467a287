"""The layer backup: what is written, in which order, and what is never seen."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice import backup as choice
from rigwright.facts.backup import Backups, BackupState, EarlierSnapshots
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.units import Units
from rigwright.operations import backup as own
from rigwright.operations.files import render
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret
from save import pack
from tasks.backup import TIMER_FILE, UNIT_FILE, backup, unit_context
from tests.unit.operations.harness import Case, Step, file, steps, unit
from tests.unit.operations.releases import CODENAMES, RELEASE
from tests.unit.rules.case import UUID

PASSWORD = "correct-horse-battery-staple"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----"
TOLD = {"command": ["echo", PASSWORD]}


def declared(more: dict[str, Any] | None = None, **keys: Any) -> Rig:
    told = {"repository": "/mnt/rig", "password": TOLD, "paths": ["/home/me"], **keys}
    return Rig.model_validate({"name": "x", "driver": {"source": "none"}, **(more or {}), "backup": told})


def layer(rig: Rig, codename: str = "trixie", facts: dict[Any, Any] | None = None) -> dict[str, Step]:
    bare: dict[Any, Any] = {
        Release: RELEASE[codename], Packages: PackagesState(), Files: {}, Units: {},
        Backups: BackupState(), EarlierSnapshots: 0,
    }  # fmt: skip
    return steps(backup, rig, {**bare, **(facts or {})})


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_bare_host_gets_all_of_it_in_order(codename: str) -> None:
    assert [name for name, step in layer(declared(), codename).items() if step.commands] == [
        "Install what makes backups",
        "Put in place what makes backups",
        "Write the list of models",
        "Write what is kept",
        "Write the secrets of backups",
        "Write the backup's unit",
        "Write when backups are made",
        "Schedule backups",
        "Make the first backup",
    ]


def in_place(rig: Rig) -> dict[Any, Any]:
    """The facts of a host that has all of it, and a backup."""
    texts: dict[str, str | bytes] = {
        choice.PROGRAM: pack.build(),
        choice.MODELS: choice.models_text(rig),
        choice.PLAN: choice.plan_text(rig, catalog()),
        choice.SECRETS: choice.secrets_text({choice.PASSWORD: PASSWORD}),
        UNIT_FILE: render(f"{UNIT_FILE[1:]}.j2", unit_context(rig)),
        TIMER_FILE: render(f"{TIMER_FILE[1:]}.j2", {"schedule": rig.backup.schedule}),
    }
    modes = {choice.PROGRAM: "755", choice.SECRETS: "600"}
    return {
        Packages: PackagesState(installed={"restic": "0.18.0-1", "python3": "3.13.5-1"}),
        Files: {path: file(text, mode=modes.get(path, "644")) for path, text in texts.items()},
        Units: {choice.TIMER: unit(), choice.UNIT: unit("inactive", "static")},
        Backups: BackupState("/mnt/rig", 1000.0),
    }


def test_nothing_is_done_where_all_is_in_place() -> None:
    assert not [step for step in layer(declared(), facts=in_place(declared())).values() if step.commands]


def test_without_a_repository_there_is_none() -> None:
    nothing = Rig.model_validate({"name": "x", "driver": {"source": "none"}})
    assert list(layer(nothing)) == ["Make no more backups", "Remove what makes backups"]
    done = layer(nothing, facts=in_place(declared()))
    assert "/etc/rigwright/backup/secrets.json" in done["Remove what makes backups"].commands[0]
    assert "/mnt" not in done["Remove what makes backups"].commands[0], "what is saved stays"


def test_a_secret_is_in_its_own_file_alone_and_comes_by_standard_input() -> None:
    done = layer(declared(environment={"AWS_SECRET_ACCESS_KEY": {"command": ["echo", "s3-0123456789"]}}))
    for secret in (PASSWORD, "s3-0123456789"):
        assert [name for name, step in done.items() if secret in "".join(step.commands)] == [
            "Write the secrets of backups"
        ]
    (command,) = done["Write the secrets of backups"].commands
    assert PASSWORD not in command.partition("<<<")[0] and "chmod 600" in command


def test_behind_sftp_there_is_a_key_and_who_is_known_by_what() -> None:
    sftp = {"identity": {"command": ["echo", PEM]}, "host_keys": ["ssh-ed25519 AAAA"]}
    done = layer(declared(repository="sftp:me@nas:/rig", sftp=sftp))
    assert "openssh-client" in done["Install what makes backups"].commands[0]
    assert "chmod 600" in done["Write the key to come in by"].commands[0]
    assert done["Write who is behind it"].commands[0].endswith("nas ssh-ed25519 AAAA\n")


def first(**facts: Any) -> dict[str, Any]:
    arguments = {"unit": "u", "program": "/p", "place": "/mnt/rig", "host_name": "x"}
    found = {Backups: BackupState(*facts.get("known", ())), EarlierSnapshots: facts.get("earlier", 0)}
    return {"operation": own.first_made, "arguments": arguments, "facts": found}


def identity(text: str) -> dict[str, Any]:
    return {
        "operation": own.identity,
        "arguments": {"dest": "/x", "key": "backup.sftp.identity", "secret": Secret(command=["echo", text])},
    }


NOT_SET = Secret(env="NOT_SET_ANYWHERE")
CASES = [
    Case("the first", **first(), has=["systemctl start u"], why=["there is no backup in /mnt/rig yet"]),
    Case("there is one", **first(known=("/mnt/rig", 5.0))),
    Case("there is one elsewhere", **first(known=("/mnt/other", 5.0)), has=["systemctl start u"]),
    Case("none over what was there before", **first(earlier=3)),
    Case("no key", **identity("x"), refuses="backup.sftp.identity: expected a private SSH key"),
    Case("a key", **identity(PEM), has=["chmod 600"]),
    Case(
        "no password", own.secrets, {"dest": "/x", "wanted": {"X": ("backup.password", NOT_SET)}},
        refuses="backup.password: no secret",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operations(case: Case) -> None:
    case.check()


def service(rig: Rig) -> str:
    return render(f"{UNIT_FILE[1:]}.j2", unit_context(rig))


def test_the_unit_is_low_in_priority_and_writes_where_it_must_alone() -> None:
    text = service(declared())
    for line in ("Type=oneshot", "IOSchedulingClass=idle", "Nice=19", "ProtectSystem=strict", "NoNewPrivileges=yes"):
        assert line in text.splitlines()
    assert "ReadWritePaths=-/home/me -/mnt/rig" in text.splitlines()
    assert "ExecStartPre=+/bin/sh -c 'mkdir -p -m 700 /mnt/rig'" in text.splitlines()
    assert "mkdir" not in service(declared(repository="rest:https://nas/rig"))


def test_a_folder_is_never_made_under_a_disk_that_is_not_mounted() -> None:
    disk = {"base": {"disks": {"b": {"uuid": UUID, "mount": "/mnt"}}}}
    assert "'mountpoint -q /mnt || exit 0; mkdir -p -m 700 /mnt/rig'" in service(declared(disk))


def test_the_owners_commands_are_words_of_systemds() -> None:
    text = service(declared(before=["/bin/sh", "-c", "echo $HOME 100%"], on_failure=["/bin/mail", "me"]))
    assert 'ExecStartPre=+/bin/sh -c "echo $$HOME 100%%"' in text.splitlines()
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStopPost=")]
    assert line.endswith(' exec "$$@"\' sh /bin/mail me')


def test_when_is_asked_of_systemd_itself() -> None:
    (command,) = layer(declared(schedule="*-*-* 03:30"))["Write when backups are made"].commands
    assert "systemd-analyze calendar '*-*-* 03:30' >/dev/null" in command
    assert "OnCalendar=*-*-* 03:30\n" in command and "Persistent=yes\n" in command

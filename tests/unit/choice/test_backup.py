"""What is kept, where, and how it is reached."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice import backup as choice
from rigwright.choice.calendar import longest_gap_h
from rigwright.choice.keepsakes import keepsakes
from rigwright.spec.rig import Rig
from tests.unit.choice.test_runtimes import rig
from tests.unit.rules.case import UUID

LLM: dict[str, Any] = {"kind": "llama.cpp", "models": {"m": {}}}
PAGE = {
    "kind": "open-webui",
    "upstreams": ["llm"],
    "env": {"WEBUI_ADMIN_EMAIL": "me@x.example"},
    "secrets": {"WEBUI_SECRET_KEY": {"env": "X"}},
}
PASSWORD = {"env": "BACKUP_PASSWORD"}
SFTP = {"identity": {"env": "X"}, "host_keys": ["ssh-ed25519 AAAA", "ssh-rsa BBBB"]}


def declared(more: dict[str, Any] | None = None, **keys: Any) -> Rig:
    base = rig(llm=LLM, page=PAGE, **(more or {}))
    backup = {"repository": "/mnt/rig", "password": PASSWORD, **keys}
    whole = {**base.model_dump(), "gateway": {"routes": {"llm": {}}, "clients": {"me": {"api_key": {"env": "K"}}}}}
    return Rig.model_validate({**whole, "backup": backup}).locked_by(base.locks)


@pytest.mark.parametrize(
    ("event", "hours"),
    [
        ("daily", 24),
        ("weekly", 168),
        ("monthly", 744),
        ("*-*-* 03:30", 24),
        ("03:30:00", 24),
        ("*-*-* 03,15:00", 12),
        ("*:00", 1),
        ("*/6:00", 6),
        ("0/8:00", 8),
        ("Mon,Thu 04:00", 96),
        ("Mon..Fri", 72),
        ("Sat..Mon *-*-* 01,13:00", 108),
        ("Sun", 168),
        ("*-*-01 03:00", None),
        ("2027-01-01", None),
        ("Mon..x 03:00", None),
        ("whenever", None),
    ],
)
def test_how_far_apart_backups_are(event: str, hours: int | None) -> None:
    assert longest_gap_h(event) == hours


def test_every_layer_says_itself_what_is_worth_keeping() -> None:
    ollama = {"kind": "ollama", "models": {"m": {}}}
    found = {each.name: each for each in keepsakes(declared({"o": ollama}, paths=["/home/me"]), catalog())}
    assert list(found) == ["ssh", "mok", "runtime page", "runtime o", "gateway", "backup.paths"]
    page = found["runtime page"]
    assert list(page.paths) == [
        "/var/lib/rigwright/runtimes/page/data",
        "/etc/rigwright/runtimes/page/secrets.env",
    ]
    assert page.exclude[0] == "/var/lib/rigwright/runtimes/page/data/cache/embedding"
    assert list(page.stopped) == ["rig-page.service"]
    assert found["runtime o"].paths[0] == "/var/lib/rigwright/runtimes/o/home/.ollama/id_ed25519"
    assert list(found["gateway"].paths) == ["/var/lib/rigwright-gateway", "/etc/rigwright/gateway/keys.caddy"]
    assert list(found["ssh"].reloaded) == ["ssh.service"]


def test_a_native_runtime_has_its_state_elsewhere() -> None:
    archive = {"version": "1", "url": "http://x.example/o.tgz", "sha256": "0" * 64}
    native = {"kind": "ollama", "how": "native", "archive": archive}
    found = {each.name: each for each in keepsakes(declared({"o": native}), catalog())}
    assert found["runtime o"].paths[0] == "/var/lib/rig-o/.ollama/id_ed25519"


def test_the_plan_is_told_no_secret() -> None:
    told = choice.plan(declared(environment={"AWS_ACCESS_KEY_ID": {"env": "ID"}}), catalog())
    assert "password" not in json.dumps(told) and "AWS" not in json.dumps(told)
    assert told["host"] == "x" and told["repository"] == "/mnt/rig" and told["ssh_command"] is None


def test_a_folder_on_a_declared_disk_is_used_only_while_that_is_mounted() -> None:
    found = declared()
    assert choice.plan(found, catalog())["disk"] is None
    disks = {"base": {"disks": {"b": {"uuid": UUID, "mount": "/mnt"}}}}
    on_disk = Rig.model_validate({**found.model_dump(), **disks}).locked_by(found.locks)
    assert choice.plan(on_disk, catalog())["disk"] == "/mnt"


@pytest.mark.parametrize(
    ("repository", "target"),
    [
        ("sftp:me@nas:/rig", ("me@nas", 22)),
        ("sftp:me@nas:rig", ("me@nas", 22)),
        ("sftp://me@nas//rig", ("me@nas", 22)),
        ("sftp://me@nas:2222//rig", ("me@nas", 2222)),
        ("/mnt/rig", None),
        ("s3:https://x.example/b", None),
    ],
)
def test_who_is_behind_sftp(repository: str, target: tuple[str, int] | None) -> None:
    assert choice.ssh_target(repository) == target


def test_ssh_asks_nobody_and_knows_one_host_alone() -> None:
    found = declared(repository="sftp://me@nas:2222//rig", sftp=SFTP)
    command = choice.ssh_command("sftp://me@nas:2222//rig") or ""
    assert command.startswith("ssh -F none -p 2222 -i /etc/rigwright/backup/identity ")
    assert "BatchMode=yes" in command and "StrictHostKeyChecking=yes" in command
    assert command.endswith(" me@nas -s sftp")
    assert choice.known_hosts(found) == "[nas]:2222 ssh-ed25519 AAAA\n[nas]:2222 ssh-rsa BBBB\n"
    assert choice.known_hosts(declared(repository="sftp:me@nas:/rig", sftp=SFTP)).startswith("nas ssh-ed25519")


def test_models_are_kept_as_a_list() -> None:
    lines = choice.models_text(declared()).splitlines()
    assert lines[1] == "m: hub a/b main *"
    assert "sha256:" in lines[2] and lines[2].strip().startswith("/srv/models/hub/")
    assert not [path for each in keepsakes(declared(), catalog()) for path in each.paths if "/srv/models" in path]


def test_the_service_writes_where_databases_and_the_repository_are() -> None:
    assert choice.writable(declared(paths=["/home/me"]), catalog()) == [
        "/home/me",
        "/mnt/rig",
        "/var/lib/dkms/mok.key",
        "/var/lib/dkms/mok.pub",
        "/var/lib/rigwright-gateway",
        "/var/lib/rigwright/runtimes/page/data",
        "/var/lib/shim-signed/mok",
    ]

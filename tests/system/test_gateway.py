"""From nothing to an answer: models, runtime, gateway on a throw-away host, and who gets in and who does not."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from rigwright.spec.locks import write_images
from sim.repository.vendors import VendorRepositories
from tests.system.door import PORT, Door
from tests.system.hosts import eventually, gpu_host
from tests.system.locked_models import tiny
from tests.system.outcome import changes
from tests.system.site import said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "base,access,containers,models,runtimes,gateway")
KEYS = {"me": "sk-owner-0123456789abcdefghij", "guest": "sk-guest-0123456789abcdefghij"}
TOKEN = "hf_token-0123456789abcdefghij"
OWNER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUiLzxJVmNwfYqXpLG+y9jl8v8MGSYzQE1aZ3SBjpuo owner@test"


def declared(vendors: VendorRepositories, keys: Path, address: str) -> dict[str, Any]:
    return {
        "access": {"users": {"owner": {"keys": [OWNER_KEY], "sudo": "nopasswd"}}},
        "driver": {"source": "none"},
        "containers": {"toolkit": {"state": "absent"}},
        "models": {"endpoint": vendors.hub_url, "keep_free_gb": 1, "wanted": {"tiny": tiny()}},
        "runtimes": {
            "services": {
                "llm": {
                    "kind": "llama.cpp",
                    "models": {"tiny": {}},
                    "args": {"threads": 2},
                    "secrets": {"HF_TOKEN": {"file": str(keys / "token")}},
                },
                "other": {"kind": "llama.cpp", "models": {"tiny": {}}, "port": 8081},
            }
        },
        "gateway": {
            "routes": {"llm": {"paths": ["/tokenize"]}, "other": {}},
            "names": ["basement", address],
            "port": PORT,
            "clients": {
                "me": {"api_key": {"file": str(keys / "me")}},
                "guest": {"api_key": {"file": str(keys / "guest")}, "routes": ["other"]},
            },
        },
    }


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name, key in {**KEYS, "token": TOKEN}.items():
        (folder / name).write_text(key)
        (folder / name).chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories, keys: Path) -> Iterator[Door]:
    with gpu_host("basement", driver_version="580.95.05") as host:
        vendors.registries_for(host)
        project = site(tmp_path_factory.mktemp("project"), {host: declared(vendors, keys, host.address)})
        write_images(project.project, vendors.images())
        project.apply(*LAYERS)
        yield Door(host, project)


def test_a_second_apply_changes_nothing(door: Door) -> None:
    plan = door.project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)


def test_openais_own_client_streams_a_chat(door: Door) -> None:
    stream = door.client(KEYS["me"]).chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "Say something."}], max_tokens=16, stream=True
    )
    pieces = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert len([piece for piece in pieces if piece]) > 1, "it came in one piece: it is held back on the way"
    assert [model.id for model in door.client(KEYS["me"]).models.list()] == ["tiny"]


def test_rig_ask_streams_and_says_how_fast(door: Door) -> None:
    done = door.project.rig("ask", "Say something.", "--max-tokens", "16")
    assert done.returncode == 0, said(done)
    assert done.stdout.strip()
    assert "s to the first" in done.stderr and "tokens from tiny at https://basement:8443/llm/v1" in done.stderr
    found = json.loads(door.project.rig("ask", "Again.", "--max-tokens", "4", "--json", "--route", "other").stdout)
    assert found["tokens"] == 4 and found["first_token_s"] > 0 and found["route"] == "other"


def test_rig_runtimes_says_what_serves_and_how_fast(door: Door) -> None:
    done = door.project.rig("runtimes", "--json")
    assert done.returncode == 0, said(done)
    found = {each["runtime"]: each for each in json.loads(done.stdout)}
    assert {name: (each["active"], each["health_status"]) for name, each in found.items()} == {
        "llm": ("active", 200),
        "other": ("active", 200),
    }
    assert found["llm"]["last_tokens_per_s"] > 0
    shown = door.project.rig("runtimes", check=True).stdout
    assert "llama.cpp" in shown and "yes" in shown


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/llm/v1/models", "me", 200),
        ("/llm/tokenize", "me", 404),  # let through: llama.cpp itself wants POST
        ("/llm/health", "me", 200),
        ("/llm/v1/models", None, 401),
        ("/llm/v1/models", "wrong", 401),
        ("/llm/v1/models", "guest", 403),
        ("/other/v1/models", "guest", 200),
        ("/llm/props", "me", 404),
        ("/llm/slots", "me", 404),
        ("/llm/v1/models/../../props", "me", 404),
        ("/llm//props", "me", 404),
        ("/llm/%70rops", "me", 404),
        ("/v1/models", "me", 404),
        ("/nobody/v1/models", "me", 404),
        ("/", None, 404),
    ],
)
def test_who_gets_where(door: Door, path: str, key: str | None, status: int) -> None:
    assert door.status(path, KEYS.get(key, "sk-wrong-0123456789abcdefghij") if key else None) == status


def test_a_wrong_key_is_said_in_openais_words(door: Door) -> None:
    with pytest.raises(openai.AuthenticationError, match="no API key, or one that is not known here"):
        door.client("sk-wrong-0123456789abcdefghij").models.list()
    with pytest.raises(openai.PermissionDeniedError, match="this API key is not for llm"):
        door.client(KEYS["guest"]).models.list()


def test_nothing_else_answers_from_outside(door: Door) -> None:
    """Every port on which anything listens, and some hundred others."""
    listening = door.host.run("ss -Hltn | awk '{print $4}' | sed 's/.*://'").stdout.split()
    ports = {*map(int, listening), *range(1, 65536, 211), 80, 2375, 8080, 8081, 9931}
    assert {8080, 8081, 8443, door.host.ssh_port} <= ports
    assert {port for port in ports if _answers(door.host.address, port)} == {door.host.ssh_port, 8443}


def _answers(address: str, port: int) -> bool:
    with socket.socket() as trial:
        trial.settimeout(0.2)
        return trial.connect_ex((address, port)) == 0


def test_another_key_is_in_force_without_a_restart_of_the_runtimes(door: Door, keys: Path) -> None:
    units = "systemctl show -P ActiveEnterTimestampMonotonic rig-llm rig-other rigwright-gateway"
    before = door.host.run(units).stdout
    (keys / "me").write_text("sk-other-0123456789abcdefghij")
    try:
        applied = door.project.document("apply", "--yes", *LAYERS)
        changed = [each["name"] for each in applied["hosts"][0]["operations"] if each["status"] == "changed"]
        assert changed == ["Write the clients' keys", "Open the gateway"], changes(applied)
        assert door.status("/llm/v1/models", KEYS["me"]) == 401
        assert door.status("/llm/v1/models", "sk-other-0123456789abcdefghij") == 200
        assert door.host.run(units).stdout == before
    finally:
        (keys / "me").write_text(KEYS["me"])
        door.project.apply(*LAYERS)


def test_one_changed_parameter_restarts_that_runtime_alone(door: Door) -> None:
    started = "systemctl show -P ActiveEnterTimestampMonotonic {}"
    before = {name: door.host.run(started.format(f"rig-{name}")).stdout for name in ("llm", "other")}
    other = ("--set", "runtimes.services.llm.args.threads=1")
    applied = door.project.document("apply", "--yes", *LAYERS, *other)
    changed = [each["name"] for each in applied["hosts"][0]["operations"] if each["status"] == "changed"]
    assert [name for name in changed if name.startswith("Run ")] == ["Run llm"], changes(applied)
    assert door.host.run(started.format("rig-llm")).stdout != before["llm"]
    assert door.host.run(started.format("rig-other")).stdout == before["other"]
    door.project.apply(*LAYERS)


def test_a_runtime_that_hangs_is_restarted(door: Door) -> None:
    """Stopped in mid-work it has not ended, and answers nobody; the timer's own work is done at once here."""
    started = "systemctl show -P ActiveEnterTimestampMonotonic rig-llm"
    before = door.host.run(started).stdout
    pid = door.host.run("docker inspect --format '{{.State.Pid}}' rig-llm").stdout.strip()
    door.host.run(f"kill -STOP $(cat /proc/{pid}/task/{pid}/children) {pid}")
    door.host.run("systemctl start rigwright-health.service")
    assert "rig-llm.service does not answer: it is restarted" in door.host.run("journalctl -u rigwright-health").stdout
    assert eventually(lambda: door.host.run("systemctl is-active rig-llm", check=False).stdout.strip() == "active", 90)
    assert door.host.run(started).stdout != before
    assert door.status("/llm/v1/models", KEYS["me"]) == 200


def test_secrets_are_nowhere_to_be_read(door: Door) -> None:
    """Not in the journal, a list of processes, a file that others may read, or what Docker tells anybody but root."""
    wanted = "/dev/shm/wanted"
    door.host.run(f"umask 077; cat > {wanted}", input="\n".join([*KEYS.values(), TOKEN]))
    looks = {
        "the journal": f"journalctl --no-pager -o export | grep -cFf {wanted}",
        "processes": f"ps -eo args | grep -cFf {wanted}",
        "Docker, asked by anybody": f"runuser -u nobody -- docker inspect rig-llm 2>/dev/null | grep -cFf {wanted}",
        "files": f"find / -xdev -type f -perm /077 -size -20M -exec grep -lFf {wanted} {{}} + | wc -l",
        "the gateway's own file": f"grep -cFf {wanted} /etc/rigwright/gateway/keys.caddy",
        "the runtime's own file": f"grep -cFf {wanted} /etc/rigwright/runtimes/llm/secrets.env",
    }
    found = {place: door.host.run(look, check=False).stdout.strip() for place, look in looks.items()}
    door.host.run(f"rm {wanted}")
    own = {"the gateway's own file": "2", "the runtime's own file": "1"}
    assert found == {**dict.fromkeys(looks, "0"), **own}
    assert door.host.run("stat -c '%a %U' /etc/rigwright/gateway/keys.caddy").stdout.strip() == "600 caddy"
    assert door.host.run("stat -c '%a %U' /etc/rigwright/runtimes/llm/secrets.env").stdout.strip() == "600 root"


def test_no_output_shows_a_secret(door: Door, keys: Path) -> None:
    """Neither what is planned, nor what is done, nor what is proved, however much of it one asks for."""
    fresh = {name: f"sk-{name}-9876543210zyxwvutsrq" for name in ("me", "guest", "token")}
    for name, key in fresh.items():
        (keys / name).write_text(key)
    plain = ("inventory", "deploy.py", "--data", f"layers={LAYERS[1]}")
    try:
        looks = [
            door.project.run("rig", "plan", *LAYERS),
            door.project.run("rig", "plan", "--json", *LAYERS),
            door.project.run("rig", "verify", "--json", *LAYERS),
            door.project.run("pyinfra", "-y", "--dry", "-vvv", "--debug", *plain),
            door.project.run("rig", "apply", "--yes", "--json", *LAYERS),
            door.project.run("rig", "verify", "--json", *LAYERS),
        ]
    finally:
        for name, key in {**KEYS, "token": TOKEN}.items():
            (keys / name).write_text(key)
    looks.append(door.project.run("pyinfra", "-y", "-vvv", "--debug", *plain))
    assert [done.returncode for done in looks] == [2, 2, 1, 0, 0, 0, 0], "\n".join(map(said, looks))
    known = {**fresh, **{f"old {name}": key for name, key in KEYS.items()}, "old token": TOKEN}
    for done in looks:
        shown = [name for name, key in known.items() if _shows(done.stdout + done.stderr, key)]
        assert not shown, f"{done.args}: {shown}"


def _shows(text: str, secret: str) -> bool:
    """Whether it is there as it is, or in base64, wherever that begins."""
    whole = "".join(text.split())
    forms = [base64.b64encode(secret[start:].encode()).decode().rstrip("=")[:-2] for start in range(3)]
    return any(form in whole for form in (secret, *forms))


def test_a_reboot_brings_all_of_it_back(door: Door) -> None:
    door.host.reboot()
    done = door.project.rig("ask", "Are you there?", "--max-tokens", "4")
    assert done.returncode == 0, said(done)
    plan = door.project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)


def test_what_is_not_declared_any_more_goes(door: Door) -> None:
    less = ("runtimes.services.other=null", "gateway.routes.other=null", "gateway.clients.guest=null")
    door.project.apply(*LAYERS, *(word for each in less for word in ("--set", each)))
    assert door.host.run("systemctl is-active rig-other", check=False).stdout.strip() == "inactive"
    assert door.host.run("docker ps -a --format '{{.Names}}'").stdout.split() == ["rig-llm"]
    entries = ("runtimes.services", "gateway.routes")
    none = [word for each in entries for name in ("llm", "other") for word in ("--set", f"{each}.{name}=null")]
    none += ["--set", "gateway.clients.guest=null"]
    door.project.apply(*LAYERS, *none)
    assert door.host.run("docker ps -aq").stdout == ""
    assert not _answers(door.host.address, 8443)
    plan = door.project.document("plan", *LAYERS, *none)
    assert plan["exit_status"] == 0, changes(plan)

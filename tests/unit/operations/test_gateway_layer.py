"""The layer gateway: what Caddy is told, and what it never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rigwright.facts.files import Files
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.units import Units
from rigwright.operations import gateway as own
from rigwright.operations.files import render
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret
from tasks.gateway import _context, gateway
from tests.unit.choice.test_runtimes import rig
from tests.unit.operations.harness import Case, Step, steps
from tests.unit.operations.releases import CODENAMES, RELEASE

KEY = "sk-0123456789abcdefghij"
LLM: dict[str, Any] = {"kind": "llama.cpp", "models": {"m": {}}}
PAGE: dict[str, Any] = {"kind": "custom", "image": "registry.example/own/image:1", "port": 9000}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    return path


def declared(key_file: Path, **keys: Any) -> Rig:
    base = rig(llm=LLM, page=PAGE)
    gate = {"routes": {"llm": {}}, "clients": {"me": {"api_key": {"file": str(key_file)}}}, **keys}
    return Rig.model_validate({**base.model_dump(), "gateway": gate}).locked_by(base.locks)


def layer(declared: Rig, codename: str = "trixie", installed: dict[str, str] | None = None) -> dict[str, Step]:
    facts: dict[Any, Any] = {
        Release: RELEASE[codename], Packages: PackagesState(installed=installed or {}), Files: {}, Units: {},
    }  # fmt: skip
    return steps(gateway, declared, facts)


def caddyfile(declared: Rig) -> str:
    return render("etc/rigwright/gateway/Caddyfile.j2", _context(declared))


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_bare_host_gets_all_of_it_in_order(codename: str, key_file: Path) -> None:
    changed = [name for name, step in layer(declared(key_file), codename).items() if step.commands]
    assert changed == [
        "Keep Caddy's own service from starting",
        "Install Caddy",
        "Write the clients' keys",
        "Write the gateway's configuration",
        "Write the gateway's unit",
        "Open the gateway",
    ]


def test_a_caddy_that_is_there_is_somebodys_and_goes_on(key_file: Path) -> None:
    assert "Keep Caddy's own service from starting" not in layer(declared(key_file), installed={"caddy": "2.6.2"})


def test_without_routes_there_is_none(key_file: Path) -> None:
    done = layer(declared(key_file, routes={}))
    assert list(done) == ["Close the gateway", "Remove the gateway"]


def test_a_key_is_in_its_own_file_alone(key_file: Path) -> None:
    done = layer(declared(key_file))
    told = [name for name, step in done.items() if any(KEY in command for command in step.commands)]
    assert told == ["Write the clients' keys"]
    assert KEY not in caddyfile(declared(key_file))
    (command,) = done["Write the clients' keys"].commands
    assert KEY not in command.partition("<<<")[0], "it goes by standard input, where no list of processes has it"
    assert "chown caddy:caddy" in command and "chmod 600" in command


def keys(**clients: str) -> dict[str, Any]:
    return {"dest": "/x", "clients": {name: Secret(command=["echo", value]) for name, value in clients.items()}}


REFUSED = [
    Case("short", own.keys, keys(me="short"), refuses="gateway.clients.me.api_key: expected at least 20 letters"),
    Case("odd", own.keys, keys(me='a"b c' * 10), refuses="gateway.clients.me.api_key: expected at least 20 letters"),
    Case("twice", own.keys, keys(a=KEY, b=KEY), refuses="gateway.clients.b.api_key: it is the key of a, too"),
    Case(
        "none", own.keys, {"dest": "/x", "clients": {"me": Secret(env="NOT_SET_ANYWHERE")}},
        refuses="gateway.clients.me.api_key: no secret",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_keys_that_are_none_are_refused_without_a_word_of_them(case: Case) -> None:
    case.check()


def test_routes_have_their_paths_and_their_clients(key_file: Path) -> None:
    routes = {"llm": {"paths": ["/tokenize"], "concurrent": 3}, "page": {"guard": "own"}}
    text = caddyfile(declared(key_file, routes=routes, default="page", names=["a.example", "fd00::1"], port=8443))
    assert text.splitlines()[text.splitlines().index("}") + 2].startswith(
        "https://a.example:8443, https://[fd00::1]:8443 {"
    )
    llm, page = text.partition("handle_path /page/*")[::2]
    assert "@elsewhere not path /v1/models" in llm and "/health /tokenize" in llm
    assert "@others not vars {client} me" in llm and "max_conns_per_host 3" in llm and "header_up -Authorization" in llm
    assert "@unknown" not in page and "@elsewhere" not in page and "header_up" not in page
    assert text.count("reverse_proxy 127.0.0.1:9000") == 2, "the default one has the paths without a name, too"
    assert "respond 404" not in page.rpartition("handle {")[2]


@pytest.mark.parametrize(
    ("tls", "has"),
    [
        ({}, "tls internal"),
        (
            {"source": "acme", "email": "me@x.example", "directory": "https://ca.example/d"},
            "acme_ca https://ca.example/d",
        ),
        (
            {"source": "files", "certificate": "/x.pem", "key_file": "/x.key"},
            "tls {$CREDENTIALS_DIRECTORY}/certificate",
        ),
    ],
)
def test_certificates(key_file: Path, tls: dict[str, str], has: str) -> None:
    assert has in caddyfile(declared(key_file, tls=tls, names=["a.example"]))

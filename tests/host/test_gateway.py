"""Layer `gateway`: who is let through, and where to; asked at the door itself, from the host."""

from __future__ import annotations

import hashlib
import ipaddress
import shlex

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.choice.gateway import AUTHORITY, CADDYFILE, KEYS, UNIT, Passage, is_there, names, passages
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

ELSEWHERE = "/rigwright/no/such/path"
# A header in a file, so that no list of processes has it; of a client that nobody declares it is one that nobody has.
_HEADERS = (
    "umask 077; keys=$(mktemp -d /dev/shm/rig.XXXXXX); trap 'rm -rf $keys' EXIT; "
    f'sed -nE \'s/^\\t"(Bearer [^"]+)" ([a-z0-9_-]+)$/\\2 Authorization: \\1/p\' {KEYS} | '
    'while read -r name header; do echo "$header" > "$keys/$name"; done; : > "$keys/-"; '
)


@pytest.fixture(scope="session")
def through(rig: Rig) -> list[Passage]:
    """Every route."""
    return passages(rig, catalog()) if is_there(rig) else []


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig, through: list[Passage]) -> Answers:
    """Everything that this file wants to know, in one command."""
    name, port = names(rig)[0], rig.gateway.port
    trust = f"--cacert {AUTHORITY}" if rig.gateway.tls.source == "internal" else ""
    curl = f"curl -sS -o /dev/null -m 20 {trust} --connect-to ::127.0.0.1:{port} -w '%{{http_code}}'"
    asked = []
    for each in through:
        for client in ["-", *rig.gateway.clients]:
            for path in (_path(each), ELSEWHERE):
                url = shlex.quote(f"https://{name}:{port}{each.prefix}{path}")
                asked.append(f'echo "{each.prefix} {client} {path}=$({curl} -H @"$keys/{client}" {url})"')
    return ask(
        host,
        {
            "unit": f"systemctl show -p ActiveState,UnitFileState,User {UNIT}",
            "file": f"cat {CADDYFILE}",
            "keys": f"stat -c '%a %U' {KEYS}",
            "hashes": f'sed -nE \'s/^\\t"Bearer ([^"]+)" ([a-z0-9_-]+)$/\\2 \\1/p\' {KEYS} | while read -r name key; '
            'do echo "$name=$(printf %s "$key" | sha256sum | cut -d" " -f1)"; done',
            "asked": _HEADERS + "; ".join(asked) if asked else "true",
            "names": "; ".join(_called(each, port, curl, trust) for each in names(rig)) if through else "true",
            "unit file": f"cat /etc/systemd/system/{UNIT}",
        },
    )


def _called(name: str, port: int, curl: str, trust: str) -> str:
    """Ask for a name of the gateway. An address is asked itself: it is by that that Caddy finds its certificate."""
    direct = f"curl -sS -o /dev/null -m 20 {trust} -w '%{{http_code}}'"
    return f'echo "{name}=$({direct if _is_address(name) else curl} {_url(name, port)}/)"'


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _url(name: str, port: int) -> str:
    return f"https://{f'[{name}]' if ':' in name else name}:{port}"


def _path(passage: Passage) -> str:
    """A path of it that is let through."""
    return next(iter(passage.paths), "/").rstrip("*")


@proves("gateway.port", "gateway.names", "gateway.tls.source")
def test_it_is_open(seen: Answers, rig: Rig, through: list[Passage]) -> None:
    """The gateway runs, starts at boot, and answers by TLS under its name and port"""
    unit = seen.pairs("unit")
    if not through:
        assert unit.get("ActiveState") != "active", "no routes are declared, and it runs"
        assert not seen["file"], f"no routes are declared, and {CADDYFILE} is there"
        return
    assert unit.get("ActiveState") == "active", f"{UNIT} is {unit.get('ActiveState')}: journalctl -u {UNIT}"
    assert unit.get("UnitFileState") == "enabled", f"at boot {UNIT} is {unit.get('UnitFileState')}"
    answers = seen.pairs("names")
    silent = [name for name in names(rig) if answers.get(name, "000") == "000"]
    assert not silent, (
        f"no answer by TLS, or none with a trusted certificate, at port {rig.gateway.port} as {', '.join(silent)}"
    )


@proves("gateway.clients.routes")
def test_who_gets_through(seen: Answers, rig: Rig, through: list[Passage]) -> None:
    """Without a key, and with a key for something else, nobody gets through; with the right one he does"""
    asked = _asked(seen)
    wrong = []
    for each in through:
        for client in ["-", *rig.gateway.clients]:
            status = asked.get(f"{each.prefix} {client} {_path(each)}", "")
            expected = "401" if client == "-" else "403" if client not in (each.clients or ()) else None
            if each.clients is None:
                expected = None
            who = "without a key" if client == "-" else f"with {client}'s key"
            if expected is not None and status != expected:
                wrong.append(f"{each.name} {who} answers {status or 'nothing'}, wanted {expected}")
            if expected is None and status in ("401", "403", "502", "504", "000", ""):
                wrong.append(f"{each.name} {who} answers {status or 'nothing'}")
    assert not wrong, "; ".join(wrong)


@proves("gateway.default", "gateway.routes.paths", "gateway.routes.guard")
def test_paths(seen: Answers, rig: Rig, through: list[Passage]) -> None:
    """Only declared paths are let through"""
    asked = _asked(seen)
    wrong = []
    for each in through:
        client = next(iter(each.clients or ()), None)
        status = asked.get(f"{each.prefix} {client} {ELSEWHERE}") if client else None
        if each.paths and client and status != "404":
            wrong.append(f"{each.name} lets {ELSEWHERE} through: it answers {status}")
        block = _block(seen["file"], each.prefix)
        line = f"@elsewhere not path {' '.join(each.paths)}"
        if each.paths and line not in block:
            wrong.append(f"{each.name} does not let exactly its paths through: {' '.join(each.paths)}")
        if (each.clients is None) == ("@unknown" in block):
            wrong.append(f"{each.name} asks {'for a key' if each.clients is None else 'nobody'}")
    default = any(not each.prefix for each in through)
    if through and default == ("respond 404\n\t}" in seen["file"]):
        wrong.append("paths without a runtime's name before them lead elsewhere than declared")
    assert not wrong, "; ".join(wrong)


@proves("gateway.clients.api_key")
def test_keys(seen: Answers, rig: Rig, through: list[Passage]) -> None:
    """The clients' keys are the declared ones, in a file that nobody else may read"""
    if not through:
        return
    assert seen["keys"] == "600 caddy", f"{KEYS} is {seen['keys'] or 'missing'}, wanted 600 caddy"
    hashes = seen.pairs("hashes")
    try:
        wanted = {name: read_secret(client.api_key) for name, client in rig.gateway.clients.items()}
    except SecretUnreadable as error:
        could_not_tell(str(error))
    hashed = {name: hashlib.sha256(key.encode()).hexdigest() for name, key in wanted.items()}
    wrong = [name for name in {**hashed, **hashes} if hashed.get(name) != hashes.get(name)]
    assert not wrong, f"not the declared key, or nobody declared: {', '.join(wrong)}"


@proves(
    "gateway.body_mb",
    "gateway.read_s",
    "gateway.routes.concurrent",
    "gateway.tls.email",
    "gateway.tls.directory",
    "gateway.tls.certificate",
    "gateway.tls.key_file",
)
def test_limits_and_certificate(seen: Answers, rig: Rig, through: list[Passage]) -> None:
    """Requests are bounded as declared, and the certificate is asked for where it is declared"""
    if not through:
        return
    tls, text = rig.gateway.tls, seen["file"]
    lines = {
        "gateway.body_mb": f"max_size {rig.gateway.body_mb}MB",
        "gateway.read_s": f"read_body {rig.gateway.read_s}s",
        "gateway.tls.email": f"email {tls.email}" if tls.email else None,
        "gateway.tls.directory": f"acme_ca {tls.directory}" if tls.directory else None,
        "gateway.tls.source": {"internal": "tls internal", "files": "tls {$CREDENTIALS_DIRECTORY}"}.get(tls.source),
    }
    wrong = [f"{key}: {CADDYFILE} has no {line!r}" for key, line in lines.items() if line and line not in text]
    for each in through:
        found = f"max_conns_per_host {each.concurrent}" in _block(text, each.prefix)
        if each.concurrent is not None and not found:
            wrong.append(f"gateway.routes.{each.name}.concurrent is not in force")
    for name, path in (("certificate", tls.certificate), ("key", tls.key_file)):
        if path and f"LoadCredential={name}:{path}" not in seen["unit file"]:
            wrong.append(f"the {name} is not {path}")
    assert not wrong, "; ".join(wrong)


def _asked(seen: Answers) -> dict[str, str]:
    return {name: status for name, _, status in (line.rpartition("=") for line in seen.lines("asked"))}


def _block(text: str, prefix: str) -> str:
    """The part of the file that is about a route."""
    head = f"handle_path {prefix}/* {{" if prefix else "\thandle {"
    _, _, rest = text.partition(head)
    return rest.partition("\n\t}")[0]

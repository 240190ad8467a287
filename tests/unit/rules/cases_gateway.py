"""Rules over the gateway."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import Case, Parts
from tests.unit.rules.cases_runtimes import llm, own, runtimes

CLIENTS = {"me": {"api_key": {"env": "KEY"}}}


def gateway(more: Parts | None = None, **keys: Any) -> Parts:
    declared = {"routes": {"llm": {}}, "clients": CLIENTS, **keys}
    return {**runtimes(llm=llm(), page=own()), **(more or {}), "gateway": declared}


def tls(**keys: Any) -> Parts:
    return gateway(tls=keys, names=["rig.example.org"])


MAIL = "me@x.example"
FILES = {"source": "files", "certificate": "/etc/x.pem", "key_file": "/etc/x.key"}

GATEWAY = [
    Case("gateway.no-such-runtime", "gateway.routes.lm", gateway(routes={"lm": {}}), gateway()),
    Case(
        "gateway.unguarded",
        "gateway.routes.llm.guard",
        gateway(routes={"llm": {"guard": "own"}}),
        gateway(routes={"page": {"guard": "own"}}),
    ),
    Case(
        "gateway.path",
        "gateway.routes.llm.paths.1",
        gateway(routes={"llm": {"paths": ["/v1/*", "tokenize"]}}),
        gateway(routes={"llm": {"paths": ["/v1/*", "/tokenize"]}}),
    ),
    Case("gateway.no-such-default", "gateway.default", gateway(default="page"), gateway(default="llm")),
    Case(
        "gateway.no-such-route",
        "gateway.clients.me.routes.0",
        gateway(clients={"me": {**CLIENTS["me"], "routes": ["page"]}}),
        gateway(clients={"me": {**CLIENTS["me"], "routes": ["llm"]}}),
    ),
    Case("gateway.no-clients", "gateway.clients", gateway(clients={}), gateway()),
    Case(
        "gateway.tls-unused", "gateway.tls.email", tls(email="me@x.example"), tls(source="acme", email="me@x.example")
    ),
    Case("gateway.tls-missing", "gateway.tls.key_file", tls(**{**FILES, "key_file": None}), tls(**FILES)),
    Case(
        "gateway.no-public-name",
        "gateway.names.0",
        gateway(tls={"source": "acme"}, names=["basement"]),
        gateway(tls={"source": "acme"}, names=["rig.example.org"]),
    ),
    Case("gateway.no-public-name", "gateway.names", gateway(tls={"source": "acme"}), gateway(), "no name at all"),
    Case(
        "gateway.port-taken",
        "gateway.port",
        gateway({"access": {"firewall": {"ports": {"web": {"port": 443}}}}}),
        gateway({"access": {"firewall": {"ports": {"web": {"port": 443}}}}}, port=8443),
    ),
    Case("gateway.port-taken", "gateway.port", gateway(port=8080), gateway(port=8081), "a runtime's"),
    Case("gateway.port-taken", "gateway.port", gateway(port=22), gateway(), "SSH's"),
    Case("gateway.source", "gateway.sources.0", gateway(sources=["home"]), gateway(sources=["192.168.1.0/24"])),
]

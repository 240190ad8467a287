"""Layer `gateway`: the one door to the runtimes: TLS, a key for each client, and only the paths that are meant."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.model import Model, key
from rigwright.spec.runtimes import RuntimeName
from rigwright.spec.secret import Secret

ClientName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,30}$",
        description="a client's name: small letters, digits, '-' and '_', at most 31, a letter first",
    ),
]
_FILE = r"^/[^\s]*[^/\s]$"


class Tls(Model):
    """Where the certificate comes from."""

    source: Literal["internal", "acme", "files"] = key(
        "internal", "an authority of the host's own, an ACME authority (Let's Encrypt), or files on the host"
    )
    email: str | None = key(
        None, "source 'acme': who is written to when something is wrong", pattern=r"^[^\s@]+@[^\s@]+$",
        form="an e-mail address",
    )  # fmt: skip
    directory: str | None = key(
        None,
        "source 'acme': the authority's directory; None: Let's Encrypt's",
        pattern=r"^https://\S+$",
        form="a whole address, from https on",
    )
    certificate: str | None = key(
        None, "source 'files': certificate with its chain, PEM", pattern=_FILE, form="an absolute path"
    )
    key_file: str | None = key(None, "source 'files': its key, PEM", pattern=_FILE, form="an absolute path")


class Client(Model):
    """Who may ask."""

    api_key: Secret = key(
        description="where its API key is read from; 20 letters, digits and ._~+/=- at least",
        form="a reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}",
    )
    routes: list[RuntimeName] = key(default_factory=list, description="runtimes that it may ask; none: all of them")


class Route(Model):
    """One runtime behind the door."""

    paths: list[str] = key(
        default_factory=list,
        description="further paths that are let through beside its kind's own; '*' at an end stands for what follows",
        form="a list of paths, ['/tokenize', '/v1/audio/*']",
    )
    guard: Literal["key", "own"] = key("key", "'own': the runtime has users of its own and asks them itself")
    concurrent: int | None = key(None, "requests at a time; more wait; None: no bound", ge=1, le=10000)


class Gateway(Model):
    """Caddy, in front of runtimes. Without routes there is no gateway."""

    routes: dict[RuntimeName, Route] = key(
        default_factory=dict,
        description="runtimes behind the door, each under /<name>/",
        form="a mapping of runtimes to routes, {'llm': {}}",
    )
    default: RuntimeName | None = key(None, "the route that has the paths without a name before them, too")
    names: list[str] = key(
        default_factory=list,
        description="names and addresses in the certificate; none: the host's name",
        form="a list of DNS names and IP addresses, ['rig.example.org', '192.168.1.5']",
    )
    port: int = key(443, "port", ge=1, le=65535)
    sources: list[str] = key(default_factory=list, description="networks that may come in; empty: everybody")
    tls: Tls = key(default_factory=Tls, description="the certificate")
    clients: dict[ClientName, Client] = key(
        default_factory=dict,
        description="who may ask, by name",
        form="a mapping of names to clients, {'me': {'api_key': {'command': ['pass', 'show', 'rig']}}}",
    )
    body_mb: int = key(64, "the largest request, MB", ge=1, le=10000)
    read_s: int = key(300, "what sending a request may take, s", ge=5, le=3600)

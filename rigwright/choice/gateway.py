"""What the gateway lets through, of a declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rigwright.catalog import Catalog
from rigwright.choice.keepsake import Keepsake
from rigwright.choice.runtimes import port_of
from rigwright.spec.rig import Rig

FOLDER = "/etc/rigwright/gateway"
CADDYFILE = f"{FOLDER}/Caddyfile"
KEYS = f"{FOLDER}/keys.caddy"
UNIT = "rigwright-gateway.service"
STATE = "/var/lib/rigwright-gateway"
RUN = "/run/rigwright-gateway"
AUTHORITY = f"{STATE}/caddy/pki/authorities/local/root.crt"
"""The certificate of the host's own authority: what clients are to trust."""


@dataclass(frozen=True)
class Passage:
    """One route. ``prefix``: "/llm", or "" for the one without a name; ``paths``: what is let through, all where empty;
    ``clients``: who may pass, nobody is asked where it is None."""

    name: str
    prefix: str
    port: int
    paths: Sequence[str]
    clients: Sequence[str] | None
    concurrent: int | None


def is_there(rig: Rig) -> bool:
    """Whether there is a gateway at all."""
    return bool(rig.gateway.routes)


def keepsakes(rig: Rig) -> list[Keepsake]:
    """The authority that clients trust, certificates, and the clients' keys."""
    return [Keepsake("gateway", paths=[STATE, KEYS], stopped=[UNIT])] if is_there(rig) else []


def names(rig: Rig) -> list[str]:
    """What it is called, in its certificate and by its clients; the first is the name that counts."""
    return list(rig.gateway.names) or [rig.base.hostname or rig.name]


def addresses(rig: Rig) -> list[str]:
    """The same as Caddy's site addresses."""
    return [f"https://{f'[{name}]' if ':' in name else name}:{rig.gateway.port}" for name in names(rig)]


def passages(rig: Rig, catalog: Catalog) -> list[Passage]:
    """Every route under its name, and at the end the default one under none."""
    named = [_passage(rig, catalog, name, f"/{name}") for name in rig.gateway.routes]
    return [*named, *([_passage(rig, catalog, rig.gateway.default, "")] if rig.gateway.default else [])]


def _passage(rig: Rig, catalog: Catalog, name: str, prefix: str) -> Passage:
    route, runtime = rig.gateway.routes[name], rig.runtimes.services[name]
    kind = catalog.runtimes[runtime.kind]
    clients = [each for each, client in rig.gateway.clients.items() if not client.routes or name in client.routes]
    paths = [*kind.allowed, *route.paths]
    return Passage(
        name=name,
        prefix=prefix,
        port=port_of(runtime, kind) or 0,
        paths=[] if "*" in paths else paths,
        clients=None if route.guard == "own" else clients,
        concurrent=route.concurrent,
    )

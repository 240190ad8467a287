"""The door leads to runtimes that are there, and somebody has a key to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.gateway import is_there
from rigwright.choice.runtimes import port_of
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of layer `gateway`."""
    if not is_there(rig):
        return
    yield from _routes(rig, catalog)
    yield from _clients(rig)
    yield from _tls(rig)
    yield from _port(rig, catalog)
    for index, source in enumerate(rig.gateway.sources):
        if not _is_network(source):
            yield Finding(
                "gateway.source",
                f"gateway.sources.{index}",
                source,
                "an address or a network, e.g. '192.168.1.0/24' or '2001:db8::/64'",
                "Write it in numbers: names are not resolved.",
            )


def _routes(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    gateway = rig.gateway
    for name, route in gateway.routes.items():
        runtime = rig.runtimes.services.get(name)
        if runtime is None or rig.runtimes.state == "absent":
            yield Finding(
                "gateway.no-such-runtime",
                f"gateway.routes.{name}",
                None,
                f"a runtime of runtimes.services: {', '.join(rig.runtimes.services) or 'there is none'}",
                "Declare it there, or correct the name.",
                nearest(name, rig.runtimes.services),
                rests_on=("runtimes.services.*", "runtimes.state"),
            )
        elif route.guard == "own" and not catalog.runtimes[runtime.kind].own_users:
            yield Finding(
                "gateway.unguarded",
                f"gateway.routes.{name}.guard",
                "own",
                f"'key': a runtime of kind {runtime.kind!r} asks nobody who he is",
                "Remove it, and give each client a key.",
                rests_on=(f"runtimes.services.{name}.kind",),
            )
        for index, path in enumerate(route.paths):
            if not path.startswith("/") or " " in path or "*" in path[:-1]:
                yield Finding(
                    "gateway.path",
                    f"gateway.routes.{name}.paths.{index}",
                    path,
                    "a path from '/' on, with a '*' at its end at most",
                    "Correct it.",
                )
    if gateway.default is not None and gateway.default not in gateway.routes:
        yield Finding(
            "gateway.no-such-default",
            "gateway.default",
            gateway.default,
            f"a name of gateway.routes: {', '.join(gateway.routes)}",
            "Correct it.",
            nearest(gateway.default, gateway.routes),
            rests_on=("gateway.routes.*",),
        )


def _clients(rig: Rig) -> Iterator[Finding]:
    gateway = rig.gateway
    for name, client in gateway.clients.items():
        for index, route in enumerate(client.routes):
            if route not in gateway.routes:
                yield Finding(
                    "gateway.no-such-route",
                    f"gateway.clients.{name}.routes.{index}",
                    route,
                    f"a name of gateway.routes: {', '.join(gateway.routes)}",
                    "Correct it.",
                    nearest(route, gateway.routes),
                    rests_on=("gateway.routes.*",),
                )
    if not gateway.clients and any(route.guard == "key" for route in gateway.routes.values()):
        yield Finding(
            "gateway.no-clients",
            "gateway.clients",
            None,
            "somebody with a key: without one nobody gets through",
            "Add one: {'me': {'api_key': {'env': 'RIG_KEY'}}}.",
            rests_on=("gateway.clients.*", "gateway.routes.*.guard", "gateway.routes.*"),
        )


def _tls(rig: Rig) -> Iterator[Finding]:
    tls = rig.gateway.tls
    wanted = {"acme": (), "internal": (), "files": ("certificate", "key_file")}[tls.source]
    known = {"acme": ("email", "directory"), "internal": (), "files": wanted}[tls.source]
    for name in ("email", "directory", "certificate", "key_file"):
        value = getattr(tls, name)
        if value is not None and name not in known:
            yield Finding(
                "gateway.tls-unused",
                f"gateway.tls.{name}",
                value,
                f"no such key with source {tls.source!r}",
                "Remove it, or change the source.",
                rests_on=("gateway.tls.source",),
            )
        if value is None and name in wanted:
            yield Finding(
                "gateway.tls-missing",
                f"gateway.tls.{name}",
                None,
                f"a file on the host: source is {tls.source!r}",
                "Add it.",
                rests_on=("gateway.tls.source",),
            )
    if tls.source == "acme":
        for index, name in enumerate(rig.gateway.names or [""]):
            if "." not in name or _is_network(name):
                yield Finding(
                    "gateway.no-public-name",
                    f"gateway.names.{index}" if rig.gateway.names else "gateway.names",
                    name or None,
                    "a name in the DNS: an ACME authority certifies nothing else",
                    "Add the name that clients use, or set gateway.tls.source to 'internal'.",
                    rests_on=("gateway.tls.source", "gateway.names.*"),
                )


def _port(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    port, whose = rig.gateway.port, None
    if port == rig.access.ssh.port:
        whose = "access.ssh.port"
    for name, door in rig.access.firewall.ports.items():
        if (door.protocol, door.port) == ("tcp", port):
            whose = f"access.firewall.ports.{name}: the gateway opens its own port, to gateway.sources"
    for name, runtime in rig.runtimes.services.items():
        if port_of(runtime, catalog.runtimes[runtime.kind]) == port:
            whose = f"runtimes.services.{name}.port"
    if whose is not None:
        yield Finding(
            "gateway.port-taken",
            "gateway.port",
            port,
            f"a port of its own: {port} is that of {whose}",
            "Choose another one, or take that out.",
            rests_on=(
                "access.ssh.port",
                "access.firewall.ports.*",
                "access.firewall.ports.*.protocol",
                "runtimes.services.*",
                "runtimes.services.*.kind",
            ),
        )


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True

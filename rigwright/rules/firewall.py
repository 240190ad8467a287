"""The firewall's doors are addresses and ports that mean one thing each."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Sources that are no networks, and ports that are declared twice."""
    firewall = rig.access.firewall
    for index, source in enumerate(firewall.ssh_sources):
        yield from _network(f"access.firewall.ssh_sources.{index}", source)
    seen: dict[tuple[str, int], str] = {}
    for name, door in firewall.ports.items():
        key = f"access.firewall.ports.{name}"
        for index, source in enumerate(door.sources):
            yield from _network(f"{key}.sources.{index}", source)
        if (door.protocol, door.port) == ("tcp", rig.access.ssh.port):
            yield Finding(
                "firewall.ssh-port",
                f"{key}.port",
                door.port,
                "another port: this one is SSH's, which is always open to access.firewall.ssh_sources",
                "Remove it; to limit who may reach SSH, set access.firewall.ssh_sources.",
                rests_on=(f"{key}.protocol", "access.ssh.port"),
            )
        other = seen.setdefault((door.protocol, door.port), name)
        if other != name:
            yield Finding(
                "firewall.port-twice",
                f"{key}.port",
                door.port,
                f"each {door.protocol} port once: access.firewall.ports.{other} is the same",
                "Put both lists of sources into one entry.",
                rests_on=("access.firewall.ports.*.protocol",),
            )


def _network(key: str, source: str) -> Iterator[Finding]:
    try:
        ipaddress.ip_network(source)
    except ValueError:
        yield Finding(
            "firewall.source",
            key,
            source,
            "an address or a network, e.g. '192.168.1.0/24' or '2001:db8::/64'",
            _advice(source),
        )


def _advice(source: str) -> str:
    try:
        whole = ipaddress.ip_interface(source).network
    except ValueError:
        return "Write it in numbers: names are not resolved."
    return f"The network of that address is {whole}."

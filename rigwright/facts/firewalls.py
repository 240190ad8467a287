"""Which firewall a host has, whoever made it, and what ours lets in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pyinfra.api import FactBase

from rigwright.facts.firewall import TABLE

_COMMAND = f"""
export LC_ALL=C
grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && {{ echo ufw
    sed -n 's/^### tuple ### /rule /p' /etc/ufw/user.rules /etc/ufw/user6.rules 2>/dev/null; }}
systemctl is-active -q firewalld.service 2>/dev/null && echo firewalld
command -v nft >/dev/null || exit 0
nft list tables 2>/dev/null | sed 's/^table //; s/^/table /'
echo "ours $(nft -j list table {TABLE} 2>/dev/null)"
true
"""
_OF_ENGINES = ("ip nat", "ip filter", "ip6 filter", "ip6 nat", "inet netavark", "ip raw", "ip6 raw")
"""Tables that container engines make for themselves. (iptables' own rules of people are in them, too.)"""


@dataclass(frozen=True)
class Opened:
    """A door: protocol, port, who may come in (empty: everybody)."""

    protocol: str
    port: int
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirewallsState:
    """What `Firewalls` found.

    ``others``: firewalls of others in force, in words; ``ufw``: ufw's own rules, as it writes them; ``ours``: the doors
    that our table opens, by the names in its comments, None without our table; ``ping``: ours answers it.
    """

    others: tuple[str, ...] = ()
    ufw: tuple[str, ...] = ()
    ours: dict[str, Opened] | None = None
    ping: bool = False


class Firewalls(FactBase[FirewallsState]):
    """All of them in one command.

    Raw lines: ``ufw``, ``rule allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in``, ``firewalld``, ``table inet filter``,
    ``ours {"nftables": […]}``.
    """

    def command(self) -> str:
        """Ask each of them."""
        return _COMMAND

    @staticmethod
    def default() -> FirewallsState:
        """There is none."""
        return FirewallsState()

    def process(self, output: list[str]) -> FirewallsState:
        """Read it."""
        others = [line for line in output if line in ("ufw", "firewalld")]
        tables = [line[6:].strip() for line in output if line.startswith("table ")]
        others += [f"nftables' table {name}" for name in tables if name not in (*_OF_ENGINES, TABLE)]
        said = next((line[5:] for line in output if line.startswith("ours ")), "")
        rules = [item["rule"] for item in json.loads(said)["nftables"] if "rule" in item] if said.strip() else None
        return FirewallsState(
            others=tuple(others),
            ufw=tuple(line[5:] for line in output if line.startswith("rule ")),
            ours=None if rules is None else _doors(rules),
            ping=any(rule.get("comment") == "ping" for rule in rules or ()),
        )


@dataclass
class _Door:
    protocol: str = "tcp"
    port: int = 0
    sources: list[str] = field(default_factory=list)


def _doors(rules: list[dict[str, Any]]) -> dict[str, Opened]:
    """Doors by name: "ssh", and those whose comments are ``port web``, or ``port web ip6`` where sources are named."""
    found: dict[str, _Door] = {}
    for rule in rules:
        words = str(rule.get("comment", "")).split()
        if words[:1] not in (["port"], ["ssh"]):
            continue
        door = found.setdefault(words[1] if words[0] == "port" else "ssh", _Door())
        for expression in rule["expr"]:
            match = expression.get("match", {})
            payload = match.get("left", {}).get("payload", {})
            if payload.get("field") == "dport":
                ports = match["right"]["set"] if isinstance(match["right"], dict) else [match["right"]]
                door.protocol, door.port = payload["protocol"], int(ports[0])
            elif payload.get("field") == "saddr":
                door.sources += _networks(match["right"])
    return {name: Opened(door.protocol, door.port, tuple(door.sources)) for name, door in found.items()}


def _networks(right: Any) -> list[str]:
    if isinstance(right, dict) and "set" in right:
        return [network for each in right["set"] for network in _networks(each)]
    if isinstance(right, dict) and "prefix" in right:
        return [f"{right['prefix']['addr']}/{right['prefix']['len']}"]
    return [str(right)]

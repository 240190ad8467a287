"""Layer `access`, continued: what the firewall's rules let in, read from the rules alone.

`test_access.py` holds it against the declaration, and not against the rules that the declaration was made into: a fault
in the making of them would be in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_network,
    summarize_address_range,
)
from typing import Any

from rigwright.facts.firewall import TABLE
from rigwright.spec.access import Access
from rigwright.spec.gateway import Gateway
from rigwright.spec.rig import Rig

RULES = f"nft -j list chain {TABLE} input"

Network = IPv4Network | IPv6Network
Door = tuple[str, int, int]
"""Protocol, first port, last port."""
EVERYBODY = frozenset({ip_network("0.0.0.0/0"), ip_network("::/0")})

_ANSWERS = {"established", "related"}
_ECHO = {"echo-request", 8, 128}
_DHCP = ({"udp sport": [67], "udp dport": [68]}, {"ip6 saddr": ["fe80::/10"], "udp sport": [547], "udp dport": [546]})


@dataclass
class Doors:
    """What a chain does with what comes in.

    ``policy``: with what no rule speaks of; ``open``: who may come in by which door; ``ping``: whose echo requests are
    answered (icmp, icmpv6); ``strange``: rules that do anything else, but for what every firewall lets in (answers,
    loopback, the network's own messages, DHCP).
    """

    policy: str = "accept"
    open: dict[Door, frozenset[Network]] = field(default_factory=dict)
    ping: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)


def doors(text: str, rig: Rig) -> Doors:
    """What nft's JSON of the chain comes to."""
    found = Doors()
    for item in json.loads(text or '{"nftables": []}')["nftables"]:
        if chain := item.get("chain"):
            found.policy = chain["policy"] if chain.get("hook") == "input" else "accept"
        elif rule := item.get("rule"):
            _read(rule, found, rig)
    return found


def ssh_door(access: Access) -> Door:
    """sshd's."""
    return ("tcp", access.ssh.port, access.ssh.port)


def wrong_doors(rig: Rig, let_in: Doors, session_port: int | None) -> dict[Door, str]:
    """Doors that are not open to exactly the declared sources, and what is wrong.

    ``session_port``: the port of the connection that asks. While sshd is being moved, it is as open as sshd's own.
    """
    access = rig.access
    wanted = _declared(access, rig.gateway)
    passing = ("tcp", session_port or 0, session_port or 0)
    if passing not in wanted and let_in.open.get(passing) == wanted[ssh_door(access)]:
        wanted[passing] = wanted[ssh_door(access)]
    return {
        door: f"{_name(door, access)} is open to {_told(let_in.open.get(door))}, declared: {_told(wanted.get(door))}"
        for door in {**wanted, **let_in.open}
        if let_in.open.get(door) != wanted.get(door)
    }


def _declared(access: Access, gateway: Gateway) -> dict[Door, frozenset[Network]]:
    """Who is to come in by which door."""
    found: dict[Door, frozenset[Network]] = {}
    for door, sources in [
        (ssh_door(access), access.firewall.ssh_sources),
        *(((each.protocol, each.port, each.port), each.sources) for each in access.firewall.ports.values()),
        *([(("tcp", gateway.port, gateway.port), gateway.sources)] if gateway.routes else []),
    ]:
        networks = [ip_network(source, strict=False) for source in sources]
        found[door] = _together(found.get(door, frozenset()), networks or EVERYBODY)
    return found


def _name(door: Door, access: Access) -> str:
    protocol, first, last = door
    ports = access.firewall.ports.items()
    names = [f"port {name}" for name, each in ports if (each.protocol, each.port, each.port) == door]
    names += ["ssh"] if door == ssh_door(access) else []
    where = f"{protocol} {first if first == last else f'{first}-{last}'}"
    return f"{' and '.join(names)} ({where})" if names else f"port {where}"


def _told(networks: frozenset[Network] | None) -> str:
    return "everybody" if networks == EVERYBODY else ", ".join(sorted(map(str, networks or ()))) or "nobody"


def _read(rule: dict[str, Any], found: Doors, rig: Rig) -> None:
    name = f"rule '{rule['comment']}'" if "comment" in rule else f"rule {json.dumps(rule['expr'])}"
    said = _matches(rule["expr"])
    verdict = next(iter(rule["expr"][-1]))
    if said is None or verdict != "accept":
        if not (verdict == "drop" and said == {"ct state": ["invalid"]}):
            found.strange.append(name)
        return
    ports = [what for what in said if what in ("tcp dport", "udp dport")]
    senders = [what for what in said if what in ("ip saddr", "ip6 saddr")]
    kind = next((what.partition(" ")[0] for what in said if what in ("icmp type", "icmpv6 type")), "")
    if kind and len(said) == 1:
        if _ECHO & set(said[f"{kind} type"]):
            found.ping.add(kind)
    elif len(ports) == 1 and len(said) == 1 + len(senders) <= 2:
        # Without a source: anybody, of either family.
        networks = [net for each in said[senders[0]] for net in _networks(each)] if senders else EVERYBODY
        for each in said[ports[0]]:
            first, last = each if isinstance(each, tuple) else (each, each)
            door = (ports[0].partition(" ")[0], int(first), int(last))
            found.open[door] = _together(found.open.get(door, frozenset()), networks)
    elif not _always(said, rig):
        found.strange.append(name)


def _always(said: dict[str, list[Any]], rig: Rig) -> bool:
    """What is let in whatever is declared; podman's name server has its containers as clients."""
    podman = rig.containers.state == "present" and rig.containers.engine == "podman"
    names = ({"iifname": ["podman*"], f"{protocol} dport": [53]} for protocol in ("udp", "tcp"))
    return (
        said == {"iifname": ["lo"]}
        or (list(said) == ["ct state"] and set(said["ct state"]) <= _ANSWERS)
        or said in _DHCP
        or (podman and said in names)
    )


def _matches(expressions: list[dict[str, Any]]) -> dict[str, list[Any]] | None:
    """What a packet must be for the rule's verdict: name → values, of which one has to fit. None: it says more."""
    found: dict[str, list[Any]] = {}
    for expression in expressions[:-1]:
        match = expression.get("match", {})
        left = match.get("left", {})
        kind, detail = next(iter(left.items()), ("", {}))
        name = {
            "payload": f"{detail.get('protocol')} {detail.get('field')}",
            "meta": f"{detail.get('key')}",
            "ct": f"ct {detail.get('key')}",
        }.get(kind)
        values = list(_values(match.get("right")))
        if name is None or name in found or match.get("op") not in ("==", "in") or None in values:
            return None
        found[name] = values
    return found


def _values(right: Any) -> Iterator[Any]:
    """The values of a right-hand side: words, numbers, "10.0.0.0/8", (first, last); None for what is none of these."""
    if isinstance(right, dict):
        if "set" in right:
            members = right["set"]
            for each in members if isinstance(members, list) else [members]:
                yield from _values(each)
        elif "prefix" in right:
            yield f"{right['prefix']['addr']}/{right['prefix']['len']}"
        elif "range" in right:
            yield tuple(right["range"])
        else:
            yield None
    elif isinstance(right, list):
        for each in right:
            yield from _values(each)
    elif isinstance(right, str) and right.startswith("@"):
        yield None
    else:
        yield right


def _networks(value: Any) -> Iterable[Network]:
    if not isinstance(value, tuple):
        return [ip_network(value)]
    first, last = value
    if ":" in first:
        return summarize_address_range(IPv6Address(first), IPv6Address(last))
    return summarize_address_range(IPv4Address(first), IPv4Address(last))


def _together(one: Iterable[Network], other: Iterable[Network]) -> frozenset[Network]:
    both = [*one, *other]
    return frozenset(
        [
            *collapse_addresses([each for each in both if isinstance(each, IPv4Network)]),
            *collapse_addresses([each for each in both if isinstance(each, IPv6Network)]),
        ]
    )

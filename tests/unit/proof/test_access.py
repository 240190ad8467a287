"""The firewall's rules are read for what they let in, and held against the declaration itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.facts.firewall import FirewallState
from rigwright.operations.firewall import RULESET
from rigwright.spec.rig import Rig
from tests.host import test_access as proof
from tests.host.firewall import Doors, doors, wrong_doors
from tests.host.reading import Answers

TEN = {"prefix": {"addr": "10.0.0.0", "len": 8}}
ACCEPT, DROP = {"accept": None}, {"drop": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


def rule(comment: str, *expressions: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"comment": comment, "expr": list(expressions)}}


def door(comment: str, port: Any, protocol: str = "tcp", **sources: Any) -> dict[str, Any]:
    who = [match(field(family, "saddr"), right) for family, right in sources.items()]
    return rule(comment, *who, match(field(protocol, "dport"), port), ACCEPT)


STATE = {"ct": {"key": "state"}}
ALWAYS = [
    rule("answers", match(STATE, ["established", "related"], "in"), ACCEPT),
    rule("strays", match(STATE, "invalid", "in"), DROP),
    rule("loopback", match({"meta": {"key": "iifname"}}, "lo"), ACCEPT),
    rule("errors", match(field("icmp", "type"), {"set": ["destination-unreachable", "time-exceeded"]}), ACCEPT),
    rule("dhcp", match(field("udp", "sport"), 67), match(field("udp", "dport"), 68), ACCEPT),
]
PING = [rule(f"ping {kind}", match(field(kind, "type"), "echo-request"), ACCEPT) for kind in ("icmp", "icmpv6")]
SSH, METRICS, WEB = door("ssh", 22), door("port metrics", 9100, "udp"), door("port web ip", 443, ip=TEN)
AS_DECLARED = [*ALWAYS, *PING, SSH, METRICS, WEB]


def rig(**more: Any) -> Rig:
    ports = {"web": {"port": 443, "sources": ["10.0.0.0/8"]}, "metrics": {"port": 9100, "protocol": "udp"}}
    access = {"firewall": {"ports": ports, **more}}
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, "access": access}, strict=False)


def listed(*rules: dict[str, Any], policy: str = "drop") -> str:
    chain = {"chain": {"name": "input", "hook": "input", "policy": policy}}
    return json.dumps({"nftables": [{"metainfo": {}}, chain, *rules]})


def read(*rules: dict[str, Any], policy: str = "drop", declared: Rig | None = None) -> Doors:
    return doors(listed(*rules, policy=policy), declared or rig())


def proved(*rules: dict[str, Any], declared: Rig | None = None) -> None:
    """What the tests of the proof say of these rules, all but the first: see `test_nothing_else_is_let_in`."""
    declared = declared or rig()
    seen = Answers(rules=listed(*rules))
    found = read(*rules, declared=declared)
    ajar = wrong_doors(declared, found, None)
    proof.test_open_ports(seen, declared.access, ajar)
    proof.test_ssh_door(seen, declared.access, ajar)
    proof.test_ping(seen, declared.access, found)


def test_what_is_declared_holds() -> None:
    proved(*AS_DECLARED)
    assert not read(*AS_DECLARED).strange


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(
            [SSH, METRICS, door("port web ip", 443)],
            r"port web \(tcp 443\) is open to everybody, declared: 10\.0\.0\.0/8",
            id="a rule without its source",
        ),
        pytest.param(
            [SSH, METRICS, door("port web ip", 443, ip={"prefix": {"addr": "10.1.0.0", "len": 16}})],
            r"is open to 10\.1\.0\.0/16, declared: 10\.0\.0\.0/8",
            id="another source",
        ),
        pytest.param(
            [SSH, METRICS, WEB, door("port web ip6", 443, ip6={"prefix": {"addr": "2001:db8::", "len": 32}})],
            r"is open to 10\.0\.0\.0/8, 2001:db8::/32, declared",
            id="one more source",
        ),
        pytest.param(
            [SSH, WEB, door("port metrics", 9100)],
            r"port metrics \(udp 9100\) is open to nobody, declared: everybody; port tcp 9100 is open to everybody",
            id="another protocol",
        ),
        pytest.param([SSH, WEB], r"port metrics \(udp 9100\) is open to nobody", id="no rule"),
        pytest.param(
            [SSH, METRICS, WEB, door("port web ip", 4444)], "port tcp 4444 is open to everybody", id="a port too many"
        ),
        pytest.param(
            [SSH, METRICS, WEB, door("x", {"range": [1, 65535]})],
            "port tcp 1-65535 is open to everybody",
            id="all ports",
        ),
        pytest.param([METRICS, WEB], r"ssh \(tcp 22\) is open to nobody, declared: everybody", id="no door for SSH"),
        pytest.param(
            [door("ssh ip", 22, ip=TEN), METRICS, WEB],
            r"ssh \(tcp 22\) is open to 10\.0\.0\.0/8, declared: everybody",
            id="SSH for a few only",
        ),
    ],
)
def test_other_doors_fall_short(rules: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        proved(*ALWAYS, *PING, *rules)


def test_sources_of_ssh() -> None:
    declared = rig(ssh_sources=["10.0.0.0/9", "10.128.0.0/9"])
    proved(*ALWAYS, *PING, door("ssh ip", 22, ip=TEN), METRICS, WEB, declared=declared)
    with pytest.raises(AssertionError, match=r"ssh \(tcp 22\) is open to everybody, declared: 10\.0\.0\.0/8"):
        proved(*AS_DECLARED, declared=declared)


def test_a_range_is_the_networks_that_it_is_made_of() -> None:
    """nft lists neighbouring networks as one range."""
    ports = {"web": {"port": 443, "sources": ["10.0.0.0/7", "12.0.0.0/8", "192.168.1.4"]}}
    merged = {"set": [{"range": ["10.0.0.0", "12.255.255.255"]}, "192.168.1.4"]}
    proved(*ALWAYS, *PING, SSH, door("port web ip", 443, ip=merged), declared=rig(ports=ports))


@pytest.mark.parametrize("kinds", [[], PING[:1]])
def test_ping_falls_short(kinds: list[dict[str, Any]]) -> None:
    with pytest.raises(AssertionError, match="declared: icmp, icmpv6"):
        proved(*ALWAYS, *kinds, SSH, METRICS, WEB)
    with pytest.raises(AssertionError, match="declared: none"):
        proved(*AS_DECLARED, declared=rig(ping=False))


def test_the_port_in_use_may_be_open_while_sshd_is_moved() -> None:
    declared = Rig.model_validate({"name": "x", "driver": {"branch": 580}, "access": {"ssh": {"port": 2222}}})
    found = read(*ALWAYS, *PING, door("ssh", {"set": [22, 2222]}), declared=declared)
    assert not wrong_doors(declared, found, 22)
    assert list(wrong_doors(declared, found, 2222)) == [("tcp", 22, 22)]


@pytest.mark.parametrize(
    "strange",
    [
        rule("mine", ACCEPT),
        rule("mine", match({"meta": {"key": "iifname"}}, "eth0"), ACCEPT),
        rule("mine", match(field("ip", "saddr"), TEN), ACCEPT),
        rule("mine", match(field("tcp", "dport"), 443), DROP),
        rule("mine", match(field("tcp", "dport"), 443), {"jump": {"target": "elsewhere"}}),
        rule("mine", match(field("tcp", "dport"), "@ports"), ACCEPT),
        rule("mine", match(field("tcp", "dport"), 443, "!="), ACCEPT),
        rule("mine", match({"meta": {"key": "iifname"}}, "podman*"), match(field("udp", "dport"), 53), ACCEPT),
    ],
    ids=lambda each: json.dumps(each["rule"]["expr"]),
)
def test_a_rule_that_is_no_declared_door_falls_short(strange: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="neither declared nor what every firewall lets in: rule 'mine'"):
        _firewall(read(*AS_DECLARED, strange))


def test_what_no_rule_speaks_of_is_dropped() -> None:
    _firewall(read(*AS_DECLARED))
    with pytest.raises(AssertionError, match="what no rule speaks of is let in"):
        _firewall(read(*AS_DECLARED, policy="accept"))


def test_podmans_name_server_answers_its_containers() -> None:
    podman = Rig.model_validate({"name": "x", "driver": {"branch": 580}, "containers": {"engine": "podman"}})
    dns = rule("dns", match({"meta": {"key": "iifname"}}, "podman*"), match(field("udp", "dport"), 53), ACCEPT)
    assert not read(*ALWAYS, dns, declared=podman).strange


def _firewall(let_in: Doors) -> None:
    """`test_firewall` where all but what is let in is in order."""
    seen = Answers(
        {
            "unit": "UnitFileState=enabled\nActiveState=active",
            "flusher": f"ExecStartPost=nft -f {RULESET}",
            "tables": "",
        }
    )
    proof.test_firewall(seen, rig().access, FirewallState(live=[], wanted=[]), let_in)


def test_what_sshd_makes_of_its_files_is_read() -> None:
    found = proof.settings_in_force(["port 22", "port 2222", "permitrootlogin prohibit-password"])
    assert found == {"port": "22", "permitrootlogin": "without-password"}


def test_files_that_sshd_cannot_read_fall_short_with_its_own_words() -> None:
    said = ["/etc/ssh/sshd_config line 3: Bad configuration option: Prot", "terminating, 1 bad configuration options"]
    with pytest.raises(AssertionError, match=r"would not start .*.*line 3: Bad configuration option"):
        proof.settings_in_force(said)

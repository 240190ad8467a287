"""The firewall: what is open, who is asked first, and what becomes of a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rigwright.choice.access import firewall_rules, lets_in
from rigwright.facts.files import Files
from rigwright.facts.firewall import Firewall, FirewallState
from rigwright.facts.session import Session, SessionState
from rigwright.facts.sshd import Sshd, SshdState
from rigwright.facts.units import Units
from rigwright.operations import firewall
from rigwright.spec.rig import Rig
from tests.unit.operations.harness import Case, file, run, unit

RULES = [{"table": {"name": "rigwright"}}, {"rule": {"comment": "ssh"}}]
HERE = SessionState("10.0.0.7", 22)


def _rig(containers: Mapping[str, Any] | None = None, **parts: Any) -> Rig:
    values = {"name": "x", "access": {"firewall": parts}, "containers": containers or {}}
    return Rig.model_validate(values, strict=False)


def _host(**state: Any) -> dict[Any, Any]:
    found = FirewallState(**{"nft": "/usr/sbin/nft", "wanted": RULES, **state})
    return {Firewall: found, Session: HERE, Files: {firewall.RULESET: file(firewall.ruleset(_rig(), 22))}}


RIG = {"rig": _rig()}
LOADED = "nft -c -f /run/rigwright/firewall.nft && nft -f /run/rigwright/firewall.nft"

CASES = [
    Case("as declared", firewall.applied, RIG, _host(live=RULES)),
    Case(
        "not there: checked, loaded, proven, and only then kept", firewall.applied, RIG, {**_host(), Files: {}},
        has=["nft list table inet rigwright >", "--on-active=60", LOADED, "[prove]",
             "mv -fT /etc/rigwright/firewall.nft.new /etc/rigwright/firewall.nft"],
        lacks=["flush ruleset\n"], why=["firewall: no rules in force"],
    ),
    Case(
        "a rule too many", firewall.applied, RIG, _host(live=[*RULES, {"rule": {"comment": "mine"}}]),
        has=[LOADED], why=["firewall: rule 'mine' not declared"],
    ),
    Case(
        "in force, but another file would be loaded at boot", firewall.applied, RIG, {**_host(live=RULES), Files: {}},
        has=[LOADED], why=["/etc/rigwright/firewall.nft: differs from the rules in force"],
    ),
    Case(
        "an unproven change", firewall.applied, RIG, _host(live=RULES, unproven=True), has=["[prove]"],
        why=["firewall: a change of its rules was never proven"],
    ),
    Case("ufw is in force", firewall.applied, RIG, _host(others=("ufw",)), refuses="two firewalls let in only"),
    Case("nft does not understand it", firewall.applied, RIG, _host(error="Error: syntax"), refuses="Error: syntax"),
    Case(
        "rig's own address is not let in", firewall.applied, {"rig": _rig(ssh_sources=["192.168.0.0/16"])}, _host(),
        refuses="comes from 10.0.0.7, which access.firewall.ssh_sources (192.168.0.0/16) does not let in",
    ),
    Case("removed: not there", firewall.removed, {}, _host()),
    Case("removed", firewall.removed, {}, _host(live=RULES), commands=["nft delete table inet rigwright"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_firewall(case: Case) -> None:
    case.check()


MOVED = {"rig": Rig.model_validate({"name": "x", "access": {"ssh": {"port": 2222}}})}
ONE_RULE_DIFFERS = [*RULES, {"rule": {"comment": "mine"}}]


def _listens(*ports: int, socket_ports: tuple[int, ...] = (), session: SessionState | None = HERE) -> dict[Any, Any]:
    units = {"ssh.socket": unit()} if socket_ports else {}
    return {
        **_host(live=ONE_RULE_DIFFERS), Session: session, Units: units,
        Sshd: SshdState(ports=ports, socket_ports=socket_ports or (22,)),
    }  # fmt: skip


LEFT = [
    Case("nothing moves, whatever else differs", firewall.left_port_closed, RIG, _listens(22)),
    Case(
        "sshd is about to be moved", firewall.left_port_closed, MOVED, _listens(22),
        has=[LOADED, 'tcp dport 2222 accept comment "ssh"', "[prove]"],
        why=["port 22: open until sshd has been proven to answer on 2222"],
    ),
    Case(
        "systemd's socket is", firewall.left_port_closed, MOVED, _listens(2222, socket_ports=(22,)),
        has=[LOADED], why=["port 22: open until sshd has been proven to answer on 2222"],
    ),
    Case("we came in by another program", firewall.left_port_closed, MOVED, _listens(2222)),
    Case("we did not come in by SSH", firewall.left_port_closed, MOVED, _listens(22, session=None)),
]  # fmt: skip


@pytest.mark.parametrize("case", LEFT, ids=str)
def test_the_port_that_sshd_leaves(case: Case) -> None:
    case.check()


def test_the_port_that_sshd_has_left_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "has_moved", lambda host: True)
    session = SessionState("10.0.0.7", 2222)
    Case(
        "moved, and in use", firewall.left_port_closed, MOVED, _listens(2222, session=session),
        has=[LOADED, 'tcp dport 2222 accept comment "ssh"'], why=["firewall: rule 'mine' not declared"],
    ).check()  # fmt: skip


def test_the_way_back_restores_the_old_table() -> None:
    arm = run(firewall.applied, RIG, {**_host(live=RULES), Files: {}}).commands[0]
    assert "nft list table inet rigwright > /var/lib/rigwright/undo/firewall/old.nft" in arm
    assert "delete table inet rigwright'; cat /var/lib/rigwright/undo/firewall/old.nft; } | nft -f -" in arm


def test_nothing_of_others_is_ever_named() -> None:
    text = firewall.ruleset(_rig(), None)
    assert "flush" not in text.replace("flushes", "")
    assert text.count("table inet rigwright") == 3
    assert "forward" not in text


def test_the_port_in_use_stays_open_beside_the_declared_one() -> None:
    rig = Rig.model_validate({"name": "x", "access": {"ssh": {"port": 2222}}}, strict=False)
    assert firewall_rules(rig, 22) == ('tcp dport { 22, 2222 } accept comment "ssh"',)
    assert firewall_rules(rig, 2222) == firewall_rules(rig, None) == ('tcp dport 2222 accept comment "ssh"',)


def test_sources_of_both_families() -> None:
    ports = {"web": {"port": 443, "sources": ["10.1.0.0/16", "10.0.0.0/8", "2001:db8::/32"]}}
    rules = firewall_rules(_rig(ports=ports), None)
    assert rules[1:] == (
        'ip saddr { 10.0.0.0/8 } tcp dport 443 accept comment "port web ip"',
        'ip6 saddr { 2001:db8::/32 } tcp dport 443 accept comment "port web ip6"',
    )


def test_podmans_containers_may_ask_its_name_server() -> None:
    assert len(firewall_rules(_rig({"engine": "podman"}), None)) == 3
    assert len(firewall_rules(_rig({"engine": "docker"}), None)) == 1
    assert len(firewall_rules(_rig({"engine": "podman", "state": "absent"}), None)) == 1


def test_ping() -> None:
    assert "echo-request" in firewall.ruleset(_rig(ping=True), None)
    assert "echo-request" not in firewall.ruleset(_rig(ping=False), None)


@pytest.mark.parametrize(
    ("sources", "address", "expected"),
    [
        ([], "192.0.2.1", True),
        (["192.0.2.0/24"], "192.0.2.1", True),
        (["192.0.2.0/24"], "198.51.100.1", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["192.0.2.0/24"], "2001:db8::1", False),
    ],
)
def test_who_is_let_in(sources: list[str], address: str, expected: bool) -> None:
    assert lets_in(sources, address) == expected

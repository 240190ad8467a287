"""Accounts, sshd, firewall and connection as they are read."""

from __future__ import annotations

import base64
import json

import pytest

from rigwright.facts.accounts import Account, Accounts, key_lines, password_mark
from rigwright.facts.firewall import Firewall
from rigwright.facts.session import Session, SessionState
from rigwright.facts.sshd import Directive, Sshd

KEYS = "# mine\nssh-ed25519 AAAA anna@desk\n\n"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_accounts() -> None:
    found = Accounts().process(
        [
            "U anna|1001:1001|/home/anna|/bin/bash|anna,video",
            "P abc",
            f"K 600|anna|{_encoded(KEYS)}",
            f"2 {_encoded('ssh-rsa BBBB old')}",
            "H anna 12",
            "D 700|anna",
            "R /etc/sudoers.d/rigwright-anna /etc/sudoers",
            f"S {_encoded('anna ALL=(ALL:ALL) ALL')}",
            "- ben",
            "U root|0:0|/root|/bin/bash|root",
            "P def",
            "X /bin/bash",
            "G video",
            "G anna",
            "N shell",
        ]
    )
    assert set(found.accounts) == {"anna", "root"}
    anna = found.accounts["anna"]
    assert anna.key_lines == ("ssh-ed25519 AAAA anna@desk", "ssh-rsa BBBB old")
    assert anna.keys_safe
    assert anna.groups == {"anna", "video"}
    assert anna.sudoers == "anna ALL=(ALL:ALL) ALL"
    assert found.accounts["root"] == Account(0, "/root", "/bin/bash", frozenset({"root"}), "def")
    assert anna.root_by == ("/etc/sudoers.d/rigwright-anna", "/etc/sudoers")
    assert (anna.home_owner, anna.home_used, anna.home_gap) == ("anna", True, "")
    assert (found.groups, found.shells, found.unproven) == ({"video", "anna"}, {"/bin/bash"}, {"shell"})


@pytest.mark.parametrize(
    ("uid", "home", "gap"),
    [
        (1001, [], "missing"),
        (1001, ["H root 0"], "root's"),
        (1001, ["H root 3"], ""),
        (1001, ["H ben 0"], ""),
        (34, ["H root 0"], ""),
        (34, [], ""),
        (0, [], ""),
    ],
    ids=["gone", "fresh disk", "sshd locks somebody in", "another's", "the system's", "none of the system's", "root"],
)
def test_homes(uid: int, home: list[str], gap: str) -> None:
    found = Accounts().process([f"U anna|{uid}:{uid}|/home/anna|/bin/bash|anna", *home])
    assert found.accounts["anna"].home_gap == gap


def test_keys_that_others_may_change_are_not_safe() -> None:
    def safe(file: str, folder: str) -> bool:
        lines = ["U anna|1:1|/h|/bin/sh|anna", f"K {file}|{_encoded(KEYS)}", f"D {folder}"]
        return Accounts().process(lines).accounts["anna"].keys_safe

    assert safe("600|anna", "700|anna")
    assert not safe("666|anna", "700|anna")
    assert not safe("600|root", "700|anna")
    assert not safe("600|anna", "777|anna")


def test_the_password_itself_never_leaves_the_host() -> None:
    assert "sha256sum" in Accounts().command(users=["anna"])
    assert password_mark("$6$x") != "$6$x"
    assert key_lines(KEYS) == ("ssh-ed25519 AAAA anna@desk",)


SSHD = """\
T port 22
T listenaddress [::]:22
T listenaddress 0.0.0.0:22
T permitrootlogin without-password
T passwordauthentication no
T authorizedkeyscommand none
T trustedusercakeys none
L /etc/ssh/sshd_config:12:Include /etc/ssh/sshd_config.d/*.conf
L /etc/ssh/sshd_config:20:  Port = 22
L /etc/ssh/sshd_config.d/10-rigwright.conf:3:Port 2222
L /etc/ssh/sshd_config.d/50-x.conf:1:ListenAddress [2001:db8::1]:2200
L /etc/ssh/sshd_config.d/50-x.conf:2:ListenAddress 192.0.2.1
L /etc/ssh/sshd_config.d/50-x.conf:3:ListenAddress 192.0.2.1:2201
L /etc/ssh/sshd_config.d/50-x.conf:4:ListenAddress 2a01:4f8:c0c::1
L /etc/ssh/sshd_config.d/50-x.conf:5:ListenAddress [2001:db8::2]
L /etc/ssh/sshd_config.d/50-x.conf:6:ListenAddress host.example:2202 rdomain blue
K 2
K
A 3
S [::]:22
generator
"""


def test_sshd() -> None:
    found = Sshd().process(SSHD.splitlines())
    assert found.ports == (22,)
    assert found.settings["passwordauthentication"] == "no"
    assert (found.keys, found.anybodys_keys) == (2, 3)
    assert found.socket_ports == (22,)
    assert found.generator and not found.unproven
    assert found.includes_drop_ins and not found.other_ways_in
    assert found.lines("port") == [Directive("/etc/ssh/sshd_config", 20, "port", "22")]
    assert found.foreign_ports == {
        "/etc/ssh/sshd_config:20": 22,
        "/etc/ssh/sshd_config.d/50-x.conf:1": 2200,
        "/etc/ssh/sshd_config.d/50-x.conf:3": 2201,
        "/etc/ssh/sshd_config.d/50-x.conf:6": 2202,
    }


def test_sshd_that_cannot_read_its_files() -> None:
    found = Sshd().process(["T /etc/ssh/sshd_config: line 3: Bad configuration option: Foo", "K 1"])
    assert found.ports == ()
    assert found.error == "/etc/ssh/sshd_config: line 3: Bad configuration option: Foo"


def test_keys_from_a_command_are_another_way_in() -> None:
    assert Sshd().process(["T authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys"]).other_ways_in


def _table(*items: dict[str, object]) -> str:
    return json.dumps(
        {"nftables": [{"metainfo": {"version": "1.1.3"}}, {"table": {"name": "rigwright", "handle": 7}}, *items]}
    )


CHAIN = {"chain": {"name": "input", "policy": "drop", "handle": 1}}
SSH = {"rule": {"chain": "input", "handle": 2, "comment": "ssh", "expr": [{"accept": None}]}}
WEB = {"rule": {"chain": "input", "handle": 3, "comment": "port web", "expr": [{"accept": None}]}}


def test_rules_in_force_differ_in_what_they_say_alone() -> None:
    again = {"rule": {**SSH["rule"], "handle": 99}}
    same = Firewall().process(["N /usr/sbin/nft", f"L {_table(CHAIN, SSH)}", f"W {_table(CHAIN, again)}"])
    assert same.differences() == []
    assert same.nft == "/usr/sbin/nft"


def test_differences_are_named() -> None:
    mine = {"rule": {"chain": "input", "expr": [{"drop": None}]}}
    open_ = {"chain": {"name": "input", "policy": "accept"}}
    found = Firewall().process([f"L {_table(open_, SSH, mine)}", f"W {_table(CHAIN, SSH, WEB)}"])
    assert found.differences() == [
        "rule 'port web' missing",
        """rule [{"drop": null}] not declared""",
        "chain 'input' differs",
    ]


def test_the_order_counts() -> None:
    found = Firewall().process([f"L {_table(CHAIN, SSH, WEB)}", f"W {_table(CHAIN, WEB, SSH)}"])
    assert found.differences() == ["rules in another order"]


def test_a_rule_twice_counts() -> None:
    found = Firewall().process([f"L {_table(CHAIN, SSH, SSH)}", f"W {_table(CHAIN, SSH)}"])
    assert found.differences() == ["a second rule 'ssh' not declared"]


def test_no_firewall_yet() -> None:
    found = Firewall().process(["O ufw", "N /usr/sbin/nft", "L ", "E Error: syntax error", "E ", "unproven"])
    assert found.differences() == ["no rules in force"]
    assert (found.others, found.error, found.unproven) == (("ufw",), "Error: syntax error", True)


def test_session() -> None:
    assert Session().process(["192.0.2.7 50122 192.0.2.20 2222"]) == SessionState("192.0.2.7", 2222)
    assert Session().process([]) is None

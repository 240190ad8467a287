"""Rules over people, the firewall and the way in."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import EXAMPLE, KEY, Case, Parts


def people(**users: Any) -> Parts:
    return {"access": {"users": users}}


def doors(**firewall: Any) -> Parts:
    return {"access": {"firewall": firewall}}


ACCESS = [
    Case(
        "access.nobody",
        "access.ssh.root_login",
        {"access": {"ssh": {"root_login": "no"}, "users": {"me": {"state": "absent", "keys": [KEY]}}}},
        {"access": {"ssh": {"root_login": "no"}, "users": {"me": {"keys": [KEY]}}}},
    ),
    Case(
        "access.root-absent", "access.users.root.state", people(root={"state": "absent"}), people(root={"keys": [KEY]})
    ),
    Case(
        "access.key",
        "access.users.me.keys.0",
        people(me={"keys": [KEY.replace("ed25519", "rsa", 1)]}),
        people(me={"keys": [f'from="10.0.0.0/8",no-pty {KEY}']}),
    ),
    Case(
        "access.key", "access.users.me.keys.0", people(me={"keys": [KEY[:-7]]}), people(me={"keys": [KEY]}), "cut off"
    ),
    Case(
        "access.admin-group",
        "access.users.me.groups.1",
        people(me={"keys": [KEY], "sudo": "none", "groups": ["video", "sudo"]}),
        people(me={"keys": [KEY], "sudo": "none", "groups": ["video"]}),
    ),
    Case(
        "access.key-twice",
        "access.users.me.keys.1",
        people(me={"keys": [KEY, f"{KEY}-again"]}),
        people(me={"keys": [KEY]}, you={"keys": [KEY]}),
    ),
    Case("access.example-key", "access.users.me.keys.0", people(me={"keys": [EXAMPLE]}), people(me={"keys": [KEY]})),
    Case(
        "firewall.source",
        "access.firewall.ssh_sources.0",
        doors(ssh_sources=["home.example"]),
        doors(ssh_sources=["192.168.1.0/24", "2001:db8::1"]),
    ),
    Case(
        "firewall.port-twice",
        "access.firewall.ports.b.port",
        doors(ports={"a": {"port": 53}, "b": {"port": 53}}),
        doors(ports={"a": {"port": 53}, "b": {"port": 53, "protocol": "udp"}}),
    ),
    Case(
        "firewall.ssh-port",
        "access.firewall.ports.a.port",
        doors(ports={"a": {"port": 22}}),
        doors(ports={"a": {"port": 23}}),
    ),
]


def connecting(user: str, account: Parts | None, **more: Any) -> Parts:
    """A connection as this user, and what is declared of the account."""
    users = {} if account is None else {user: account}
    return {"connection": {"ssh_user": user, **more}, "access": {"users": {"other": {"keys": [KEY]}, **users}}}


NO_ROOT = {"ssh": {"root_login": "no"}, "users": {"other": {"keys": [KEY]}}}

CONNECTION = [
    Case(
        "connection.root-login",
        "access.ssh.root_login",
        {"connection": {"ssh_user": "root"}, "access": NO_ROOT},
        {"connection": {"ssh_user": "other"}, "access": NO_ROOT},
    ),
    Case(
        "connection.user-absent",
        "access.users.me.state",
        connecting("me", {"state": "absent", "keys": [KEY]}),
        connecting("me", None),
    ),
    Case(
        "connection.user-without-key", "access.users.me.keys", connecting("me", {}), connecting("me", {"keys": [KEY]})
    ),
    *(
        Case(
            "connection.shell",
            "access.users.me.shell",
            connecting("me", {"keys": [KEY], "shell": shell}),
            connecting("me", {"keys": [KEY], "shell": "/bin/zsh"}),
            shell,
        )
        for shell in ("/usr/sbin/nologin", "/bin/false")
    ),
    Case(
        "connection.sudo-removed",
        "base.packages.sudo",
        {**connecting("me", None), "base": {"packages": {"sudo": False}}},
        {**connecting("root", None), "base": {"packages": {"sudo": False}}},
    ),
    Case(
        "connection.sudo",
        "access.users.me.sudo",
        connecting("me", {"keys": [KEY], "sudo": "none"}),
        connecting("me", {"keys": [KEY], "sudo": "none"}, _sudo=False),
    ),
]

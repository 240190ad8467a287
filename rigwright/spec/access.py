"""Layer `access`: who may come in, and through which doors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.model import Model, State, key
from rigwright.spec.secret import Secret

UserName = Annotated[
    str,
    Field(
        pattern=r"^[a-z_][a-z0-9_-]{0,31}$",
        description="a login name: up to 32 lower-case letters, digits, '_' and '-'",
    ),
]
PortName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", description="a short name of letters, digits, '_' and '-'")
]


class User(Model):
    """A person with an account."""

    state: State = key("present", "'absent' removes the account and keeps its home")
    keys: list[str] = key(
        default_factory=list,
        description="public SSH keys, one a line as in authorized_keys; these and no others",
        form="a list of public SSH keys, each as in authorized_keys",
    )
    sudo: Literal["none", "password", "nopasswd"] = key("nopasswd", "right to become root")
    shell: str = key("/bin/bash", "login shell", pattern=r"^/\S+$", form="the absolute path of a shell")
    groups: list[UserName] = key(
        default_factory=list, description="further groups", form="a list of group names in lower case"
    )
    password_hash: Secret | None = key(
        None,
        "where to read the crypt(5) hash; None: the password is left as it is",
        form="a reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}",
    )


class Ssh(Model):
    """sshd."""

    port: int = key(22, "port", ge=1, le=65535)
    password_authentication: bool = key(False, "let people in by password")
    root_login: Literal["no", "prohibit-password"] = key("prohibit-password", "PermitRootLogin")
    max_auth_tries: int = key(4, "MaxAuthTries", ge=1, le=20)


class Port(Model):
    """A door in the firewall."""

    port: int = key(description="port", ge=1, le=65535)
    protocol: Literal["tcp", "udp"] = key("tcp", "protocol")
    sources: list[str] = key(default_factory=list, description="addresses or networks let in; empty: everybody")


class Firewall(Model):
    """nftables, inbound default deny. SSH's port is always open."""

    state: State = key("present", "'absent' removes our table and nothing else")
    ports: dict[PortName, Port] = key(
        default_factory=dict,
        description="open ports by name",
        form="a mapping of names to ports, e.g. {'web': {'port': 443}}",
    )
    ssh_sources: list[str] = key(default_factory=list, description="networks that may reach SSH; empty: everybody")
    ping: bool = key(True, "answer ICMP echo")


class Access(Model):
    """People, SSH, firewall."""

    users: dict[UserName, User] = key(
        default_factory=dict, description="accounts by name", form="a mapping of login names to accounts"
    )
    ssh: Ssh = key(default_factory=Ssh, description="sshd")
    firewall: Firewall = key(default_factory=Firewall, description="nftables")

"""Layer `access`: who may come in, and through which doors."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from rigwright.spec.model import Model, State, key
from rigwright.spec.secret import Secret

class User(Model):
    """A person with an account."""

    state: State = key("present", "'absent' removes the account and keeps its home")
    keys: list[str] = key(default_factory=list, description="public SSH keys, one a line as in authorized_keys; these and no others")
    sudo: Literal["none", "password", "nopasswd"] = key("nopasswd", "right to become root")
    shell: str = key("/bin/bash", "login shell", pattern=r"^/")
    groups: list[str] = key(default_factory=list, description="further groups")
    password_hash: Secret | None = key(None, "where to read the crypt(5) hash; None: the password is left as it is")


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
    ports: dict[str, Port] = key(default_factory=dict, description="open ports by name")
    ssh_sources: list[str] = key(default_factory=list, description="networks that may reach SSH; empty: everybody")
    ping: bool = key(True, "answer ICMP echo")


class Access(Model):
    """People, SSH, firewall."""

    users: dict[str, User] = key(default_factory=dict, description="accounts by name")
    ssh: Ssh = key(default_factory=Ssh, description="sshd")
    firewall: Firewall = key(default_factory=Firewall, description="nftables")

    @model_validator(mode="after")
    def _somebody_can_come_in(self) -> Access:
        if not self.ssh.password_authentication and self.ssh.root_login == "no":
            if not any(u.keys and u.state == "present" for u in self.users.values()):
                raise ValueError("no user has a key, and neither passwords nor root may log in: nobody could come in")
        return self

"""Whoever connects can still do so, and become root, when the declaration is in force."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from rigwright.rules import install
from rigwright.rules.finding import Finding
from rigwright.spec.access import User
from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig

NO_LOGIN = ("nologin", "false", "true", "sync")
"""Programs that stand where a login shell does, to let nobody in."""


def find(rig: Rig, connection: Connection) -> Iterator[Finding]:
    """What would lock the connecting user out."""
    yield from _of_the_host(rig, connection)
    yield from install.way_in(rig, connection)
    name = connection.ssh_user
    user = rig.access.users.get(name)
    if user is None or name == "root":
        return
    yield from _login(rig, name, user)
    if connection.becomes_root and user.sudo != "nopasswd":
        yield Finding(
            "connection.sudo",
            f"access.users.{name}.sudo",
            user.sudo,
            f"'nopasswd' while ssh_user is {name!r}: a run cannot type a password",
            "Set it so, or connect as another user.",
            rests_on=("_sudo",),
        )


def _of_the_host(rig: Rig, connection: Connection) -> Iterator[Finding]:
    """Whoever it is that connects."""
    name = connection.ssh_user
    if connection.becomes_root and rig.base.packages.get("sudo") is False:
        yield Finding(
            "connection.sudo-removed",
            "base.packages.sudo",
            False,
            f"no removal: ssh_user is {name!r}, who becomes root by it",
            "Remove it here, or connect as root.",
        )
    if name == "root" and rig.access.ssh.root_login == "no":
        yield Finding(
            "connection.root-login",
            "access.ssh.root_login",
            "no",
            "'prohibit-password' while ssh_user is 'root': the next run could not log in",
            "Declare a user with a key under access.users, and connect as that user.",
            rests_on=("ssh_user",),
        )


def _login(rig: Rig, name: str, user: User) -> Iterator[Finding]:
    """A declared user: is he there, with a key that is asked for and a shell that lets him in?"""
    key = f"access.users.{name}"
    if user.state == "absent":
        yield Finding(
            "connection.user-absent",
            f"{key}.state",
            "absent",
            f"'present' while ssh_user is {name!r}: the next run could not log in",
            "Connect as another user first.",
        )
    elif not user.keys and not rig.access.ssh.password_authentication:
        yield Finding(
            "connection.user-without-key",
            f"{key}.keys",
            user.keys,
            f"a key: ssh_user is {name!r}, and passwords are not accepted",
            "Add the public key that you connect with.",
            rests_on=("access.ssh.password_authentication",),
        )
    if posixpath.basename(user.shell) in NO_LOGIN:
        yield Finding(
            "connection.shell",
            f"{key}.shell",
            user.shell,
            f"a shell that runs commands while ssh_user is {name!r}: the next run could not log in",
            "Set it to '/bin/bash', or connect as another user first.",
        )

"""Somebody can come in, and only with keys that work."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.access import ADMIN_GROUPS
from rigwright.rules.finding import Finding
from rigwright.spec.access import Access, User
from rigwright.spec.rig import Rig

KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)

EXAMPLE = "AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE"
"""How the example in inventory/home.py begins: a well-formed key that nobody holds the other half of."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of people and sshd."""
    yield from _nobody(rig.access)
    yield from _root(rig.access)
    for name, user in rig.access.users.items():
        if user.state == "present":
            yield from _groups(name, user)
    for name, user in rig.access.users.items():
        yield from _keys(name, user)


def _nobody(access: Access) -> Iterator[Finding]:
    somebody = any(user.keys for user in access.users.values() if user.state == "present")
    if not somebody and access.ssh.root_login == "no" and not access.ssh.password_authentication:
        yield Finding(
            "access.nobody",
            "access.ssh.root_login",
            access.ssh.root_login,
            "a way in: no user has a key, passwords are not accepted, and root may not log in",
            "Give a user under access.users a key.",
            rests_on=("access.users.*.keys.*", "access.ssh.password_authentication"),
        )


def _root(access: Access) -> Iterator[Finding]:
    if "root" in access.users and access.users["root"].state == "absent":
        yield Finding(
            "access.root-absent",
            "access.users.root.state",
            "absent",
            "root to stay: a host without root cannot be run",
            "To keep root out over SSH, set access.ssh.root_login to 'no'.",
        )


def _groups(name: str, user: User) -> Iterator[Finding]:
    for index, group in enumerate(user.groups):
        if user.sudo == "none" and group in ADMIN_GROUPS:
            yield Finding(
                "access.admin-group",
                f"access.users.{name}.groups.{index}",
                group,
                "no group whose members may become root, while sudo is 'none'",
                "Remove the group, or declare sudo.",
            )


def _keys(name: str, user: User) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, line in enumerate(user.keys):
        key = f"access.users.{name}.keys.{index}"
        problem = key_problem(line)
        if problem is not None:
            yield Finding(
                "access.key", key, line, f"a public SSH key as in authorized_keys: {problem}", "Copy the .pub file."
            )
            continue
        body = _body(line)
        if body.startswith(EXAMPLE):
            yield Finding(
                "access.example-key",
                key,
                line,
                "your own public key: this one is the example that comes with the project, and lets nobody in",
                "Replace it with the content of your ~/.ssh/id_ed25519.pub.",
                severity="warning",
            )
        if seen.setdefault(body, index) != index:
            yield Finding(
                "access.key-twice",
                key,
                line,
                f"each key once: it is access.users.{name}.keys.{seen[body]} already",
                "Remove one.",
            )


def key_problem(line: str) -> str | None:
    """Why this is no public key; None: it is one.

    Options before the type are allowed, as in authorized_keys.
    """
    if "\n" in line.strip():
        return "one key on one line"
    words = line.split()
    where = next((index for index, word in enumerate(words) if word in KEY_TYPES), None)
    if where is None:
        return f"it holds none of the types {', '.join(KEY_TYPES)}"
    if len(words) == where + 1:
        return "nothing follows the type"
    try:
        blob = base64.b64decode(words[where + 1], validate=True)
    except (binascii.Error, ValueError):
        return "what follows the type is not base64; part of it may be missing"
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length].decode("ascii", "replace") != words[where]:
        return f"the key inside is not of the type {words[where]}, or part of it is missing"
    return None if _whole(blob) else "part of it is missing"


def is_example(line: str) -> bool:
    """Whether it is the key that comes with the project, of which nobody holds the other half."""
    return any(word.startswith(EXAMPLE) for word in line.split())


def _whole(blob: bytes) -> bool:
    """Whether the key's parts, each with its length before it, fill it to the end."""
    at = 0
    while at < len(blob):
        if at + 4 > len(blob):
            return False
        at += 4 + int.from_bytes(blob[at : at + 4], "big")
    return at == len(blob)


def _body(line: str) -> str:
    words = line.split()
    where = next(index for index, word in enumerate(words) if word in KEY_TYPES)
    return words[where + 1]

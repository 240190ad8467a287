"""Who can log in to what was just installed, before the first apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rigwright.spec.rig import Rig


@dataclass(frozen=True)
class Person:
    """An account with a key and without a password."""

    name: str
    keys: tuple[str, ...]
    sudo: Literal["none", "password", "nopasswd"]


def installed_people(rig: Rig, ssh_user: str) -> tuple[Person, ...]:
    """The accounts that the installation makes: everybody declared with a key. Groups, shells and password hashes are
    left to the first apply.

    Where rig connects as root and access.users does not say who that is, root is given the keys of those who may become
    root without a password: they could do all that anyway, and without it nobody could apply.
    """
    declared = rig.access.users
    people = [
        Person(name, tuple(user.keys), user.sudo)
        for name, user in declared.items()
        if user.state == "present" and user.keys
    ]
    if ssh_user == "root" and "root" not in declared:
        keys = [line for person in people if person.sudo == "nopasswd" for line in person.keys]
        if keys:
            people.insert(0, Person("root", tuple(dict.fromkeys(keys)), "none"))
    return tuple(people)

"""Whose accounts there are that people use. What they log in with stays on the host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pyinfra.api import FactBase

from rigwright.facts.accounts import FIRST_UID

LAST_UID = 59999
"""Above it are accounts that systemd makes as it goes, and nobody."""
_EVERYTHING = re.compile(r"^\((?:ALL|root)(?: *: *ALL)?\) (NOPASSWD: )?ALL$")
"""A rule by which root's whole rights are had: one that is about other users than root gives none of them."""
Rights = Literal["none", "password", "nopasswd", "some"]

_COMMAND = rf"""
export LC_ALL=C
getent passwd | while IFS=: read -r name x uid gid gecos home shell; do
    [ "$uid" -eq 0 ] || {{ [ "$uid" -ge {FIRST_UID} ] && [ "$uid" -le {LAST_UID} ]; }} || continue
    case $(getent shadow "$name" | cut -d: -f2) in ""|!*|"*"*) password=no ;; *) password=yes ;; esac
    echo "$name|$uid|$(id -gn "$name")|$password"
    command -v sudo >/dev/null && sudo -n -l -U "$name" 2>/dev/null | grep -E '^ +[(]' | sed 's/^ */R /'
done
true
"""


@dataclass(frozen=True)
class Person:
    """One account. ``password``: there is one to log in with; ``rights``: what sudo lets it do, "some": single
    commands."""

    name: str
    uid: int
    primary_group: str
    password: bool
    rights: Rights


class People(FactBase[list[Person]]):
    """root, and everybody whose account is no system's own.

    Raw lines: ``anna|1000|anna|yes``, then sudo's rules for the account, ``R (ALL : ALL) NOPASSWD: ALL``.
    """

    def command(self) -> str:
        """Ask the name service and sudo. Of passwords it prints whether there is one, and nothing else."""
        return _COMMAND

    @staticmethod
    def default() -> list[Person]:
        """Nobody."""
        return []

    def process(self, output: list[str]) -> list[Person]:
        """Read one account a line."""
        found: list[Person] = []
        rules: list[str] = []
        for line in reversed(output):
            if line.startswith("R "):
                rules.insert(0, line[2:].strip())
            elif line.count("|") == 3:
                name, uid, group, has = line.split("|")
                found.insert(0, Person(name, int(uid), group, has == "yes", _rights(rules)))
                rules = []
        return found


def _rights(rules: list[str]) -> Rights:
    """What they come to: of several that give everything the last one counts; one that gives less gives less."""
    whole = [match for rule in rules if (match := _EVERYTHING.match(rule))]
    if whole:
        return "nopasswd" if whole[-1][1] else "password"
    return "some" if rules else "none"

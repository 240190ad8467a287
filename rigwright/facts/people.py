"""Whose accounts there are that people use. What they log in with stays on the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyinfra.api import FactBase

from rigwright.facts.accounts import FIRST_UID

LAST_UID = 59999
"""Above it are accounts that systemd makes as it goes, and nobody."""
Rights = Literal["none", "password", "nopasswd", "some"]

_COMMAND = rf"""
export LC_ALL=C
getent passwd | while IFS=: read -r name x uid gid gecos home shell; do
    [ "$uid" -eq 0 ] || {{ [ "$uid" -ge {FIRST_UID} ] && [ "$uid" -le {LAST_UID} ]; }} || continue
    case $(getent shadow "$name" | cut -d: -f2) in ""|!*|"*"*) password=no ;; *) password=yes ;; esac
    said=none
    if command -v sudo >/dev/null; then
        case $(sudo -n -l -U "$name" 2>/dev/null) in
            *"NOPASSWD: ALL"*) said=nopasswd ;;
            *") ALL"*) said=password ;;
            *"may run the following"*) said=some ;;
        esac
    fi
    echo "$name|$uid|$(id -gn "$name")|$password|$said"
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
    """root, and everybody whose account is no system's own. Raw lines: ``anna|1000|anna|yes|password``."""

    def command(self) -> str:
        """Ask the name service and sudo. Of passwords it prints whether there is one, and nothing else."""
        return _COMMAND

    @staticmethod
    def default() -> list[Person]:
        """Nobody."""
        return []

    def process(self, output: list[str]) -> list[Person]:
        """Read one account a line."""
        fields = (line.split("|") for line in output if line.count("|") == 4)
        return [Person(name, int(uid), group, has == "yes", _rights(said)) for name, uid, group, has, said in fields]


def _rights(said: str) -> Rights:
    match said:
        case "password" | "nopasswd" | "some":
            return said
    return "none"

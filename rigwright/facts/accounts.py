"""People's accounts: who they are, how they come in, what they may do."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from pyinfra.api import FactBase

from rigwright.facts.undo import undo_script

SUDOERS = "/etc/sudoers.d/rigwright-"
"""Each user's rule is in a file of its own, with the name behind this."""

ADMIN_GROUPS = ("sudo", "admin", "wheel")
"""Groups to which distributions' own sudoers give root's rights."""

_COMMAND = r"""
export LC_ALL=C
for user in @USERS@; do
    entry=$(getent passwd "$user") || { echo "- $user"; continue; }
    home=$(echo "$entry" | cut -d: -f6)
    shell=$(echo "$entry" | cut -d: -f7)
    keys="$home/.ssh/authorized_keys"
    echo "U $user|$(echo "$entry" | cut -d: -f3,4)|$home|$shell|$(id -Gn "$user" | tr ' ' ',')"
    echo "P $(getent shadow "$user" | cut -d: -f2 | tr -d '\n' | sha256sum | cut -d' ' -f1)"
    [ -f "$keys" ] && echo "K $(stat -c '%a|%U' "$keys")|$(base64 -w0 < "$keys")"
    [ -s "${keys}2" ] && echo "2 $(base64 -w0 < "${keys}2")"
    [ -d "$home/.ssh" ] && echo "D $(stat -c '%a|%U' "$home/.ssh")"
    [ -f "@SUDOERS@$user" ] && echo "S $(base64 -w0 < "@SUDOERS@$user")"
done
for shell in @SHELLS@; do [ -x "$shell" ] && echo "X $shell"; done
getent group | cut -d: -f1 | sed 's/^/G /'
[ -e @UNPROVEN@ ] && echo unproven
true
"""


@dataclass(frozen=True)
class Account:
    """One account that exists.

    ``groups``: all of them, by name; ``password``: SHA-256 of the shadow field, so that the hash itself stays on the
    host; ``keys``: text of authorized_keys, None without it; ``keys_safe``: it and its folder have the modes and owner
    that sshd asks for; ``sudoers``: our rule, None without it; ``more_keys``: text of authorized_keys2, which sshd
    reads as well.
    """

    uid: int
    home: str
    shell: str
    groups: frozenset[str]
    password: str
    keys: str | None = None
    keys_safe: bool = False
    sudoers: str | None = None
    more_keys: str | None = None

    @property
    def key_lines(self) -> tuple[str, ...]:
        """The keys, without comments and empty lines."""
        return key_lines(f"{self.keys or ''}\n{self.more_keys or ''}")


@dataclass(frozen=True)
class AccountsState:
    """``accounts``: those that exist, by name; ``shells``: those of the asked ones that can be run; ``unproven``: a
    change of keys waits for its proof."""

    accounts: dict[str, Account]
    groups: frozenset[str]
    shells: frozenset[str]
    unproven: bool = False


class Accounts(FactBase[AccountsState]):
    """All users asked for, in one command.

    Raw lines: ``U anna|1001:1001|/home/anna|/bin/bash|anna,video``, ``P <sha256>``, ``D 700|anna``,
    ``K 600|anna|<base64>``, ``2 <base64>``, ``S <base64>``; ``- ben`` for one that is not there; ``X /bin/bash``;
    ``G video``.
    """

    def command(self, users: Sequence[str], shells: Sequence[str] = ()) -> str:
        """Print one block for each user."""
        return (
            _COMMAND.replace("@USERS@", " ".join(map(shlex.quote, users)))
            .replace("@SHELLS@", " ".join(map(shlex.quote, shells)))
            .replace("@SUDOERS@", SUDOERS)
            .replace("@UNPROVEN@", undo_script("keys"))
        )

    def process(self, output: list[str]) -> AccountsState:
        """Collect the blocks."""
        blocks: dict[str, dict[str, str]] = {}
        current: dict[str, str] = {}
        groups, shells = set(), set()
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "U":
                name, _, rest = rest.partition("|")
                current = blocks.setdefault(name, {})
            if kind == "G":
                groups.add(rest)
            elif kind == "X":
                shells.add(rest)
            elif kind in ("U", "P", "K", "2", "D", "S"):
                current[kind] = rest
        accounts = {name: _account(name, block) for name, block in blocks.items()}
        return AccountsState(accounts, frozenset(groups), frozenset(shells), "unproven" in output)


def key_lines(text: str) -> tuple[str, ...]:
    """The lines of an authorized_keys file that are keys."""
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def password_mark(crypt_hash: str) -> str:
    """What `Account.password` is for this crypt(5) hash."""
    return hashlib.sha256(crypt_hash.encode()).hexdigest()


def _account(name: str, block: dict[str, str]) -> Account:
    ids, home, shell, groups = block["U"].split("|")
    mode, owner, encoded = (block.get("K") or "||").split("|")
    folder_mode, _, folder_owner = block.get("D", "|").partition("|")
    return Account(
        uid=int(ids.partition(":")[0]),
        home=home,
        shell=shell,
        groups=frozenset(groups.split(",")),
        password=block.get("P", ""),
        keys=base64.b64decode(encoded).decode("utf-8", "replace") if "K" in block else None,
        keys_safe=(mode, owner, folder_mode, folder_owner) == ("600", name, "700", name),
        more_keys=base64.b64decode(block["2"]).decode("utf-8", "replace") if "2" in block else None,
        sudoers=base64.b64decode(block["S"]).decode("utf-8", "replace") if "S" in block else None,
    )

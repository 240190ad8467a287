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

FIRST_UID = 1000
"""Below it are the system's own accounts, whose homes are the system's (Debian policy 9.2.2)."""

_ANYBODYS = r"[.]ssh|lost[+]found|[.]bashrc|[.]profile|[.]bash_logout"
"""What is in a home before anybody has used it."""

GUARDED = ("keys", "shell")
"""What of the account that rig comes in by only a proven change may alter."""

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
    [ -d "$home" ] && echo "H $(stat -L -c %U "$home") $(ls -A "$home/" | grep -vcxE '@ANYBODYS@')"
    [ -d "$home/.ssh" ] && echo "D $(stat -c '%a|%U' "$home/.ssh")"
    [ -f "@SUDOERS@$user" ] && echo "S $(base64 -w0 < "@SUDOERS@$user")"
    case $(sudo -n -l -U "$user" 2>/dev/null) in
        *"may run the following"*)
            files=$(grep -lE "^[[:space:]]*$user[[:space:]]" /etc/sudoers /etc/sudoers.d/* 2>/dev/null)
            echo "R" $files ;;
    esac
done
for shell in @SHELLS@; do [ -x "$shell" ] && echo "X $shell"; done
getent group | cut -d: -f1 | sed 's/^/G /'
@UNPROVEN@
true
"""


@dataclass(frozen=True)
class Account:
    """One account that exists.

    ``groups``: all of them, by name; ``password``: SHA-256 of the shadow field, so that the hash itself stays on the
    host; ``keys``: text of authorized_keys, None without it; ``keys_safe``: it and its folder have the modes and owner
    that sshd asks for; ``sudoers``: our rule, None without it; ``more_keys``: text of authorized_keys2, which sshd
    reads as well; ``home_owner``: whose its home is, None without one; ``home_used``: there is something in it of its
    own; ``root_by``: files that name the user, where
    sudo lets it become root by whatever rule, None where it does not.
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
    home_owner: str | None = None
    home_used: bool = False
    root_by: tuple[str, ...] | None = None

    @property
    def home_gap(self) -> str:
        """What is wrong with the home, in a word; empty: nothing.

        A home that is another person's is not ours to give, nor is one that root has put to use: sshd asks for root as
        the owner of a folder that it locks people into.
        """
        if self.uid < FIRST_UID or self.home in ("/", "/nonexistent"):
            return ""
        if self.home_owner is None:
            return "missing"
        return "root's" if self.home_owner == "root" and not self.home_used else ""

    @property
    def key_lines(self) -> tuple[str, ...]:
        """The keys, without comments and empty lines."""
        return key_lines(f"{self.keys or ''}\n{self.more_keys or ''}")


@dataclass(frozen=True)
class AccountsState:
    """``accounts``: those that exist, by name; ``shells``: those of the asked ones that can be run; ``unproven``: of
    `GUARDED`, what has been changed and waits for its proof."""

    accounts: dict[str, Account]
    groups: frozenset[str]
    shells: frozenset[str]
    unproven: frozenset[str] = frozenset()


class Accounts(FactBase[AccountsState]):
    """All users asked for, in one command.

    Raw lines: ``U anna|1001:1001|/home/anna|/bin/bash|anna,video``, ``P <sha256>``, ``D 700|anna``,
    ``K 600|anna|<base64>``, ``2 <base64>``, ``H anna 12``, ``S <base64>``, ``R /etc/sudoers.d/rigwright-anna``;
    ``- ben`` for one that is not there; ``X /bin/bash``; ``G video``; ``N keys``.
    """

    def command(self, users: Sequence[str], shells: Sequence[str] = ()) -> str:
        """Print one block for each user."""
        return (
            _COMMAND.replace("@USERS@", " ".join(map(shlex.quote, users)))
            .replace("@SHELLS@", " ".join(map(shlex.quote, shells)))
            .replace("@SUDOERS@", SUDOERS)
            .replace("@ANYBODYS@", _ANYBODYS)
            .replace("@UNPROVEN@", "\n".join(f"[ -e {undo_script(name)} ] && echo 'N {name}'" for name in GUARDED))
        )

    def process(self, output: list[str]) -> AccountsState:
        """Collect the blocks."""
        blocks: dict[str, dict[str, str]] = {}
        current: dict[str, str] = {}
        groups, shells, unproven = set(), set(), set()
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "U":
                name, _, rest = rest.partition("|")
                current = blocks.setdefault(name, {})
            if kind == "G":
                groups.add(rest)
            elif kind == "X":
                shells.add(rest)
            elif kind == "N":
                unproven.add(rest)
            elif kind in ("U", "P", "K", "2", "H", "D", "S", "R"):
                current[kind] = rest
        accounts = {name: _account(name, block) for name, block in blocks.items()}
        return AccountsState(accounts, frozenset(groups), frozenset(shells), frozenset(unproven))


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
    home_owner, _, home_used = block.get("H", "").partition(" ")
    return Account(
        uid=int(ids.partition(":")[0]),
        home=home,
        shell=shell,
        groups=frozenset(groups.split(",")),
        password=block.get("P", ""),
        keys=base64.b64decode(encoded).decode("utf-8", "replace") if "K" in block else None,
        keys_safe=(mode, owner, folder_mode, folder_owner) == ("600", name, "700", name),
        more_keys=base64.b64decode(block["2"]).decode("utf-8", "replace") if "2" in block else None,
        home_owner=home_owner or None,
        home_used=home_used not in ("", "0"),
        root_by=tuple(block["R"].split()) if "R" in block else None,
        sudoers=base64.b64decode(block["S"]).decode("utf-8", "replace") if "S" in block else None,
    )

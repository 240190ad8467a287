"""Layer `access`: people, their keys and rights; sshd; the firewall where it is ours."""

from __future__ import annotations

import posixpath
import re

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.choice.access import ADMIN_GROUPS
from rigwright.facts.people import Person
from rigwright.rules.access import key_problem
from rigwright.rules.connection import NO_LOGIN
from rigwright.spec.words import looks_secret

LAYER = "access"
_NAME = re.compile(r"^[a-z_][a-z0-9_-]{0,31}$")
_KEYS_FROM = ("authorizedkeyscommand", "trustedusercakeys", "authorizedprincipalsfile")
_LIMITED = ("allowusers", "allowgroups", "denyusers", "denygroups", "forcecommand", "chrootdirectory")


def captured(seen: Seen) -> Part:
    """People, sshd, firewall."""
    part = Part()
    access: Values = {"ssh": _ssh(seen, part), "firewall": _firewall(seen, part)}
    users = {person.name: user for person in seen.people if (user := _user(seen, person, part)) is not None}
    if users:
        access["users"] = users
    part.values = {LAYER: access}
    return part


def _user(seen: Seen, person: Person, part: Part) -> Values | None:
    account = seen.accounts.get(person.name)
    if account is None or not _NAME.match(person.name):
        part.say(LAYER, "user-name", f"User {person.name!r} has a name that no key takes: the account is left alone")
        return None
    keys = _keys(person.name, account.key_lines, part)
    if person.uid == 0 and (not keys or person.name != "root"):
        return None
    if posixpath.basename(account.shell) in NO_LOGIN and not keys:
        return None
    if person.rights == "some":
        part.say(LAYER, "sudo-in-part", f"User {person.name} may run single commands as root, and no key can say "
                 f"which: the account is left alone", f"Look with: sudo -l -U {person.name}")  # fmt: skip
        return None
    groups = sorted(group for group in account.groups - {person.primary_group, person.name} if _NAME.match(group))
    sudo = "nopasswd" if person.uid == 0 else person.rights
    if sudo == "none" and (idle := set(groups) & set(ADMIN_GROUPS)):
        part.say(
            LAYER,
            "idle-group",
            f"User {person.name} is in {', '.join(sorted(idle))}, which lets nobody become root here: it is left out",
            f"Declare access.users.{person.name}.sudo = 'password' if that was meant",
        )
        groups = [group for group in groups if group not in idle]
    user: Values = {"keys": keys, "sudo": sudo, "shell": account.shell, "groups": [] if person.uid == 0 else groups}
    home = "/root" if person.uid == 0 else f"/home/{person.name}"
    if account.home != home:
        part.say(LAYER, "home", f"User {person.name}'s home is {account.home}; a host made from this declaration has "
                 f"it in {home}")  # fmt: skip
    if person.password:
        variable = f"RIG_{re.sub(r'[^A-Z0-9]', '_', person.name.upper())}_PASSWORD_HASH"
        user["password_hash"] = {"env": variable}
        part.comments[LAYER, "users", person.name, "password_hash"] = (
            f"There is a password; its hash was not read. On the host: getent shadow {person.name} | cut -d: -f2"
        )
        part.secrets.append(
            f"access.users.{person.name}.password_hash: put the hash of {person.name}'s password into {variable}, or "
            "take the line out: then the password is left as it is"
        )
    return user


def _keys(user: str, lines: tuple[str, ...], part: Part) -> list[str]:
    found: list[str] = []
    bodies: set[str] = set()
    for line in lines:
        problem = key_problem(line)
        body = next((word for word in line.split() if word.startswith("AAAA")), line)
        if problem is not None or looks_secret("key", line):
            why = problem or "its options look like a secret"
            part.say(LAYER, "key", f"A line of {user}'s authorized_keys is left out: {why}",
                     f"An apply takes it away; look at it first: ~{user}/.ssh/authorized_keys")  # fmt: skip
        elif body not in bodies:
            bodies.add(body)
            found.append(line)
    return found


def _ssh(seen: Seen, part: Part) -> Values:
    sshd = seen.sshd
    found: Values = {}
    if sshd.error:
        part.say(LAYER, "sshd", f"sshd does not take its own files ({sshd.error}): nothing was read of them")
        return found
    ports = sshd.socket_ports or sshd.ports
    if ports:
        found["port"] = ports[0]
        if len(ports) > 1:
            part.say(LAYER, "ports", f"sshd listens on {', '.join(map(str, ports))}, and one port is declared, the "
                     "first")  # fmt: skip
    found["password_authentication"] = sshd.settings.get("passwordauthentication") == "yes"
    root = sshd.settings.get("permitrootlogin", "")
    if root in ("no", "prohibit-password", "without-password"):
        found["root_login"] = "no" if root == "no" else "prohibit-password"
    elif root:
        part.say(LAYER, "root-login", f"sshd has PermitRootLogin {root}, which cannot be declared: an apply makes it "
                 "'prohibit-password'")  # fmt: skip
    tries = sshd.settings.get("maxauthtries", "")
    if tries.isdigit() and 1 <= int(tries) <= 20:
        found["max_auth_tries"] = int(tries)
    for name in (*_KEYS_FROM, *_LIMITED):
        if sshd.settings.get(name, "none") != "none":
            part.say(LAYER, "sshd-setting", f"sshd has {name} {sshd.settings[name]}, which no key says: it stays where "
                     "it is set, and a new host is without it")  # fmt: skip
    matches = [each.place for each in sshd.lines("match")]
    if matches:
        part.say(LAYER, "sshd-match", f"sshd has Match blocks ({', '.join(matches)}), which no key says")
    return found


def _firewall(seen: Seen, part: Part) -> Values:
    state = seen.firewalls
    if state.ours is not None:
        doors = dict(state.ours)
        ssh = doors.pop("ssh", None)
        doors = {name: door for name, door in doors.items() if name != "gateway"}
        ports = {
            name: {"port": door.port, "protocol": door.protocol, "sources": list(door.sources)}
            for name, door in doors.items()
        }
        sources = list(ssh.sources) if ssh else []
        return {"state": "present", "ping": state.ping, "ports": ports, "ssh_sources": sources}
    if state.others:
        rules = [f"ufw: {rule}" for rule in state.ufw]
        part.say(LAYER, "firewall", f"Another firewall is in force ({', '.join(state.others)}), and ours is declared "
                 f"absent beside it{': ' if rules else ''}{'; '.join(rules)}",
                 "To have ours instead, turn the other one off, declare access.firewall.ports, and set "
                 "access.firewall.state to 'present'")  # fmt: skip
    return {"state": "absent"}

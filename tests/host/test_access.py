"""Layer `access`: who comes in, what they may do, and which doors are open."""

from __future__ import annotations

import re
import shlex

import pytest
from testinfra.host import Host

from rigwright.facts.accounts import Account, Accounts, key_lines, password_mark
from rigwright.facts.firewall import TABLE, Firewall, FirewallState
from rigwright.facts.session import Session
from rigwright.operations.firewall import RULESET, ruleset
from rigwright.operations.sshd import settings
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.access import Access, User
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.firewall import RULES, Door, Doors, doors, ssh_door, wrong_doors
from tests.host.reading import Answers, ask

UNIT = "rigwright-firewall.service"
NO_RULES = "no rules of ours are in force: every port is open"
SELF = "127.$(($$ / 65536 % 200)).$(($$ / 256 % 256)).$(($$ % 253 + 1))"
"""An address of the host's own that is another each time: sshd makes who fails to log in wait, by address."""


@pytest.fixture(scope="session")
def access(rig: Rig) -> Access:
    return rig.access


@pytest.fixture(scope="session")
def seen(host: Host, access: Access) -> Answers:
    """Everything that this file wants to know, in one command, but what the declared rules are to the host's kernel."""
    users = " ".join(access.users)
    knock = (
        f"-p {access.ssh.port} -b {SELF} -F none -o BatchMode=yes -o PreferredAuthentications=none -o ConnectTimeout=5"
        " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    )
    return ask(
        host,
        {
            "accounts": Accounts().command(users=list(access.users), shells=[u.shell for u in access.users.values()]),
            "sudo": f"for u in {users}; do if runuser -u $u -- sudo -n id -u | grep -qx 0; then echo $u nopasswd; "
            'else case "$(sudo -l -U $u)" in *"not allowed"*) echo $u none;; *) echo $u password;; esac; fi; done',
            "key files": f"for u in {users}; do sshd -T -C user=$u,host=localhost,addr=127.0.0.1"
            ' | sed -n "s/^authorizedkeys\\(file\\|command\\) /$u \\1 /p"; done',
            "sshd": "mkdir -p /run/sshd; sshd -T 2>&1",
            "methods": f"ssh {knock} nobody@127.0.0.1 true 2>&1",
            "listening": "ss -Hltn | awk '{print $4}'",
            "unit": f"systemctl show -p UnitFileState,ActiveState {UNIT}",
            "flusher": "systemctl show -p ExecStartPost nftables.service",
            "tables": "nft list tables",
            "rules": RULES,
            "session": Session().command(),
            "at boot": "systemctl show -p Id,LoadState,UnitFileState,ActiveState ssh.service ssh.socket",
        },
    )


@pytest.fixture(scope="session")
def accounts(seen: Answers) -> dict[str, Account]:
    return Accounts().process(seen.lines("accounts")).accounts


@pytest.fixture(scope="session")
def present(access: Access) -> dict[str, User]:
    return {name: user for name, user in access.users.items() if user.state == "present"}


@pytest.fixture(scope="session")
def sshd(seen: Answers) -> dict[str, str]:
    """What sshd's files come to, by its lower-case keywords."""
    return settings_in_force(seen.lines("sshd"))


def settings_in_force(said: list[str]) -> dict[str, str]:
    """Of what ``sshd -T`` says. Where it cannot read its files it says only why, and that falls short."""
    found: dict[str, str] = {}
    for line in said:
        name, _, value = line.partition(" ")
        found.setdefault(name, "without-password" if value == "prohibit-password" else value)
    assert "permitrootlogin" in found, f"sshd would not start with its files: {' '.join(said) or 'it is not there'}"
    return found


@pytest.fixture(scope="session")
def firewall(host: Host, rig: Rig, seen: Answers) -> FirewallState:
    """The table in force, and what the declared rules are to the same kernel."""
    session = Session().process(seen.lines("session"))
    text = ruleset(rig, session.port if session else None)
    return Firewall().process(ask(host, {"firewall": Firewall().command(text=text)}).lines("firewall"))


@proves("access.users.state")
def test_users(access: Access, accounts: dict[str, Account]) -> None:
    """Accounts exist or not, as declared"""
    for name, user in access.users.items():
        assert (name in accounts) == (user.state == "present"), (
            f"user {name} is declared {user.state}, and it is not so"
        )
        gap = accounts[name].home_gap if user.state == "present" else ""
        assert not gap, f"user {name}: home {accounts[name].home} is {gap}"


@proves("access.users.keys")
def test_keys(seen: Answers, present: dict[str, User], accounts: dict[str, Account]) -> None:
    """Exactly the declared keys open each account"""
    for name, user in present.items():
        account = _account(accounts, name)
        wanted = set(key_lines("\n".join(user.keys)))
        have = set(account.key_lines)
        assert not wanted - have, f"user {name}: these keys do not open the account: {_listed(wanted - have)}"
        assert not have - wanted, f"user {name}: these keys do, and are not declared: {_listed(have - wanted)}"
        assert account.keys_safe or not wanted, f"user {name}: sshd ignores the keys: wrong owner or mode"
        for line in seen.lines("key files"):
            who, kind, where = line.split(" ", 2)
            usual = where in ("none", ".ssh/authorized_keys .ssh/authorized_keys2", ".ssh/authorized_keys")
            assert who != name or usual, f"user {name}: keys may also come from {kind} {where}"


@proves("access.users.sudo")
def test_sudo(seen: Answers, present: dict[str, User]) -> None:
    """Each user may become root as declared: tried"""
    have = dict(line.split() for line in seen.lines("sudo"))
    for name, user in present.items():
        assert have.get(name) == user.sudo, f"user {name}: sudo comes to {have.get(name)}, declared {user.sudo}"


@proves("access.users.shell")
def test_shells(present: dict[str, User], accounts: dict[str, Account]) -> None:
    """Each user has the declared shell"""
    for name, user in present.items():
        shell = _account(accounts, name).shell
        assert shell == user.shell, f"user {name}: the shell is {shell}, declared {user.shell}"


@proves("access.users.groups")
def test_groups(present: dict[str, User], accounts: dict[str, Account]) -> None:
    """Each user is in the declared groups"""
    for name, user in present.items():
        missing = set(user.groups) - _account(accounts, name).groups
        assert not missing, f"user {name}: not in {_listed(missing)}"


@proves("access.users.password_hash")
def test_passwords(present: dict[str, User], accounts: dict[str, Account]) -> None:
    """Each user has the declared password"""
    unread = []
    for name, user in present.items():
        if user.password_hash is None:
            continue
        try:
            mark = password_mark(read_secret(user.password_hash))
        except SecretUnreadable as error:
            unread.append(f"user {name}: {error}")
            continue
        assert _account(accounts, name).password == mark, f"user {name}: another password than declared, or none"
    if unread:
        could_not_tell("; ".join(unread))


@proves("access.ssh.port")
def test_ssh_port(seen: Answers, access: Access) -> None:
    """sshd answers on the declared port"""
    said = seen["methods"]
    assert "Permission denied" in said, f"no sshd answers on port {access.ssh.port} of the host itself: {said}"
    listening = {line.rpartition(":")[2] for line in seen.lines("listening")}
    assert str(access.ssh.port) in listening, f"nothing listens on port {access.ssh.port}"


def test_ssh_at_boot(seen: Answers) -> None:
    """sshd is there after a boot: by itself, or by a socket that systemd opens for it"""
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in seen["at boot"].split("\n\n")]
    units = {block["Id"]: block for block in blocks}
    enabled = [name for name, unit in units.items() if unit["UnitFileState"] == "enabled"]
    states = "; ".join(f"{name} is {unit['UnitFileState'] or unit['LoadState']}" for name, unit in units.items())
    assert enabled and units["ssh.service"]["LoadState"] != "masked", f"nobody could log in after a boot: {states}"


@proves("access.ssh.password_authentication")
def test_ssh_passwords(seen: Answers, access: Access, sshd: dict[str, str]) -> None:
    """The sshd that runs offers passwords, or does not, as declared: tried"""
    _comes_to(sshd, access, "passwordauthentication", "kbdinteractiveauthentication", "permitemptypasswords")
    found = re.search(r"Permission denied \(([\w,-]+)\)", seen["methods"])
    assert found, f"sshd does not say how one may log in: {seen['methods']}"
    offered = found[1].split(",")
    asks = {"password", "keyboard-interactive"} & set(offered)
    assert bool(asks) == access.ssh.password_authentication, (
        f"sshd offers {', '.join(offered)}: it has not taken up its settings, or others decide"
    )


@proves("access.ssh.root_login")
def test_ssh_root(access: Access, sshd: dict[str, str]) -> None:
    """root may log in as declared"""
    _comes_to(sshd, access, "permitrootlogin")


@proves("access.ssh.max_auth_tries")
def test_ssh_hardening(access: Access, sshd: dict[str, str]) -> None:
    """sshd's settings come to what is declared, and to what is always wanted"""
    _comes_to(sshd, access, *settings(access.ssh))


@pytest.fixture(scope="session")
def let_in(rig: Rig, seen: Answers) -> Doors:
    """What the rules in force let in."""
    return doors(seen["rules"], rig)


@proves("access.firewall.state")
def test_firewall(seen: Answers, access: Access, firewall: FirewallState, let_in: Doors) -> None:
    """The firewall is in force, now and at boot, with no rules that nobody declared; or it is not there"""
    unit = seen.pairs("unit")
    if access.firewall.state == "absent":
        assert f"table {TABLE}" not in seen.lines("tables"), "our table is in force, declared absent"
        assert unit["UnitFileState"] != "enabled", f"{UNIT} loads the firewall at boot, declared absent"
        return
    assert firewall.live is not None, NO_RULES
    assert not firewall.error, f"nft does not understand the declared rules: {firewall.error}"
    assert (unit["UnitFileState"], unit["ActiveState"]) == ("enabled", "active"), (
        f"{UNIT}, which loads the firewall at boot, is {unit['UnitFileState'] or 'missing'} and {unit['ActiveState']}"
    )
    assert f"-f {RULESET}" in seen["flusher"], "restarting nftables.service would flush the firewall"
    assert not firewall.others, f"{', '.join(firewall.others)} is in force besides"
    assert let_in.policy == "drop", "what no rule speaks of is let in: it should be dropped"
    assert not let_in.strange, f"neither declared nor what every firewall lets in: {', '.join(let_in.strange)}"
    # The rules besides the declared doors are ours by no key: of them there are only our own words.
    rest = [text for text in firewall.differences() if not _is_of_a_door(text)]
    assert not rest, "; ".join(rest)


@pytest.fixture(scope="session")
def ajar(seen: Answers, rig: Rig, let_in: Doors) -> dict[Door, str]:
    """Doors that are not open to exactly the declared sources."""
    session = Session().process(seen.lines("session"))
    return wrong_doors(rig, let_in, session.port if session else None)


@proves(
    "access.firewall.ports.port",
    "access.firewall.ports.protocol",
    "access.firewall.ports.sources",
    "gateway.sources",
)
def test_open_ports(seen: Answers, access: Access, ajar: dict[Door, str]) -> None:
    """Exactly the declared ports are open, to exactly the declared sources"""
    if access.firewall.state == "absent":
        return
    assert seen["rules"], NO_RULES
    wrong = [text for door, text in ajar.items() if door != ssh_door(access)]
    assert not wrong, "; ".join(wrong)


@proves("access.firewall.ssh_sources")
def test_ssh_door(seen: Answers, access: Access, ajar: dict[Door, str]) -> None:
    """SSH's port is open to exactly the declared sources"""
    if access.firewall.state == "absent":
        return
    assert seen["rules"], NO_RULES
    assert ssh_door(access) not in ajar, ajar[ssh_door(access)]


@proves("access.firewall.ping")
def test_ping(seen: Answers, access: Access, let_in: Doors) -> None:
    """Ping is answered, or not, as declared"""
    if access.firewall.state == "absent":
        return
    assert seen["rules"], NO_RULES
    wanted = {"icmp", "icmpv6"} if access.firewall.ping else set()
    assert let_in.ping == wanted, (
        f"echo requests are let in by {_listed(let_in.ping) or 'no rule'}, declared: {_listed(wanted) or 'none'}"
    )


def _account(accounts: dict[str, Account], name: str) -> Account:
    assert name in accounts, f"there is no user {shlex.quote(name)}"
    return accounts[name]


def _comes_to(sshd: dict[str, str], access: Access, *names: str) -> None:
    wanted = settings(access.ssh)
    wrong = [f"{name} {sshd.get(name)}, declared {wanted[name]}" for name in names if sshd.get(name) != wanted[name]]
    assert not wrong, f"sshd's settings come to {'; '.join(wrong)}"


def _is_of_a_door(text: str) -> bool:
    return any(f"rule '{name}" in text for name in ("port ", "ssh", "ping", "gateway"))


def _listed(words: set[str]) -> str:
    return ", ".join(word if len(word) < 40 else f"…{word[-30:]}" for word in sorted(words))

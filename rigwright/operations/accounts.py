"""People's accounts: made, opened with exactly their keys, given rights; never the one that rig itself needs shut."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation

from rigwright.choice.access import ADMIN_GROUPS
from rigwright.engine.reasons import because, refuse
from rigwright.engine.reconnect import login_user
from rigwright.facts.accounts import (
    SUDOERS,
    Account,
    Accounts,
    AccountsState,
    key_lines,
    password_mark,
)
from rigwright.facts.files import Files
from rigwright.facts.undo import kept
from rigwright.operations import files
from rigwright.operations.guard import guarded
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.access import User

SUDO_RULES = {"password": "{user} ALL=(ALL:ALL) ALL\n", "nopasswd": "{user} ALL=(ALL:ALL) NOPASSWD: ALL\n"}


def look(user: str, declared: User) -> AccountsState:
    """What is known of a user: one fact for all of these operations."""
    return host.get_fact(Accounts, users=[user], shells=[declared.shell])


@operation()
def present(user: str, declared: User) -> Generator[StringCommand | str | FunctionCommand, None, None]:
    """Have the account, with its home and shell and in its groups; groups that nobody has made yet are made.

    Of the account that rig comes in by, only a proven change of the shell stays.
    """
    state = look(user, declared)
    account = state.accounts.get(user)
    wanted = set(declared.groups)
    have = account.groups if account else frozenset[str]()
    unwanted = sorted(have & set(ADMIN_GROUPS) - wanted) if declared.sudo == "none" else []
    gaps = _account_gaps(user, account, declared)
    no_shell = declared.shell not in state.shells
    if no_shell:
        gaps.append(f"user {user}: {declared.shell} is not there yet")
    if unwanted:
        gaps.append(f"user {user}: in {', '.join(unwanted)}, wanted without sudo")
    unproven = login_user(host) == user and "shell" in state.unproven
    if unproven:
        gaps.append(f"user {user}: a change of the shell was never proven")
    if not gaps:
        host.noop(f"user {user} is as declared")
        return
    because("; ".join(gaps))
    if no_shell:  # while planning, the package that brings it may not be installed yet
        lacking = (
            f"user {user}: there is no program {declared.shell} to log in to; declare its package in base.packages"
        )
        yield f"test -x {shlex.quote(declared.shell)} || {{ echo {shlex.quote(lacking)} >&2; exit 1; }}"
    for group in sorted(wanted - state.groups):
        yield f"groupadd --system {group}"
    if account is None:
        yield _made(user, declared, user in state.groups)
    elif account.home_gap:
        make = f"/usr/sbin/mkhomedir_helper {user} 0077 && " if account.home_gap == "missing" else ""
        yield make + _home_given(user, account.home)
    if wanted - have:
        yield f"usermod --append --groups {','.join(sorted(wanted - have))} {user}"
    for group in unwanted:
        yield f"gpasswd --delete {user} {group}"
    if unproven or (account and account.shell != declared.shell):
        yield from _shell_changed(user, declared.shell)


def _account_gaps(user: str, account: Account | None, declared: User) -> list[str]:
    if account is None:
        return [f"user {user}: absent"]
    gaps = []
    if account.shell != declared.shell:
        gaps.append(f"user {user}: shell {account.shell}, wanted {declared.shell}")
    if missing := sorted(set(declared.groups) - account.groups):
        gaps.append(f"user {user}: not in {', '.join(missing)}")
    if account.home_gap:
        gaps.append(f"user {user}: home {account.home} is {account.home_gap}")
    return gaps


def _made(user: str, declared: User, has_group: bool) -> str:
    same = f"--gid {user}" if has_group else "--user-group"
    # A home that an account of this name has left behind keeps belonging to it.
    return (
        f'uid=$(stat -c %u /home/{user} 2>/dev/null); getent passwd "${{uid:-0}}" >/dev/null && uid=; '
        f'useradd --create-home {same} ${{uid:+--uid "$uid"}} --shell {shlex.quote(declared.shell)} {user} && '
        f"{_home_given(user, f'/home/{user}')}"
    )


def _home_given(user: str, home: str) -> str:
    """Shell that gives the user a home that is root's: a disk, fresh, or a folder made for something in it."""
    path = shlex.quote(home)
    return f'{{ [ "$(stat -L -c %U {path})" != root ] || chown {user}: {path}; }}'


def _shell_changed(user: str, shell: str) -> Generator[StringCommand | str | FunctionCommand, None, None]:
    change = f"usermod --shell {shlex.quote(shell)} {user}"
    if login_user(host) != user:
        yield change
        return
    old = f"{kept('shell')}/old"
    yield from guarded(
        "shell",
        save=f"getent passwd {user} | cut -d: -f7 > {old}",
        undo=f'if [ -s {old} ]; then usermod --shell "$(cat {old})" {user}; fi',
        change=change,
    )


@operation()
def keys(user: str, declared: User) -> Generator[StringCommand | str | FunctionCommand, None, None]:
    """Have exactly these keys open the account. Of the account that rig comes in by, only a proven change stays."""
    state = look(user, declared)
    account = state.accounts.get(user)
    mine = login_user(host) == user
    lines = key_lines("\n".join(declared.keys))
    if mine and not lines:
        refuse(host, f"user {user}: rig comes in as {user}, and no key is declared for it: it would be shut out")
    unproven = mine and "keys" in state.unproven
    gaps = _key_gaps(user, account, lines) + ([f"user {user}: a change of keys was never proven"] if unproven else [])
    if not gaps:
        host.noop(f"user {user} has the declared keys")
        return
    because("; ".join(gaps))
    path = f"{account.home if account else f'/home/{user}'}/.ssh/authorized_keys"
    write = _keys_written(user, path, lines)
    if not mine:
        yield write
        return
    copies = {shlex.quote(file): f"{kept('keys')}/{file.rpartition('/')[2]}" for file in (path, f"{path}2")}
    yield from guarded(
        "keys",
        save="; ".join(
            f"if [ -e {file} ]; then cp -a {file} {copy}; else rm -f {copy}; fi" for file, copy in copies.items()
        ),
        undo="\n".join(
            f"if [ -e {copy} ]; then cp -a {copy} {file}; else rm -f {file}; fi" for file, copy in copies.items()
        ),
        change=write,
    )


def _keys_written(user: str, path: str, lines: tuple[str, ...]) -> StringCommand:
    """Write as the user: a link that the user has put in the place of a file leads nowhere beyond the user's rights."""
    folder = shlex.quote(path.rpartition("/")[0])
    script = (
        f"umask 077; chmod 700 {folder} && new=$(mktemp -p {folder}) && cat > $new && "
        f"mv -fT $new {shlex.quote(path)} && rm -f {shlex.quote(path)}2"
    )
    return StringCommand(
        f'{{ [ -d {folder} ] || install -d -m 700 -o {user} -g "$(id -gn {user})" {folder}; }} && '
        f"chown -h {user}: {folder} && runuser -u {user} -- sh -c {shlex.quote(script)}",
        _stdin=["".join(f"{line}\n" for line in lines)],
    )


def _key_gaps(user: str, account: Account | None, wanted: tuple[str, ...]) -> list[str]:
    if account is None:
        return [f"user {user}: no keys"] if wanted else []
    gaps = []
    missing = [key for key in wanted if key not in account.key_lines]
    foreign = [key for key in account.key_lines if key not in wanted]
    if missing:
        gaps.append(f"user {user}: lacks key {', '.join(map(_named, missing))}")
    if foreign:
        gaps.append(f"user {user}: key {', '.join(map(_named, foreign))} is not declared")
    if wanted and not missing and not account.keys_safe:
        gaps.append(f"user {user}: authorized_keys or its folder has a wrong owner or mode")
    return gaps


def _named(key: str) -> str:
    """A key as people know it: its comment, or the end of its data."""
    words = key.split()
    data = next((number for number, word in enumerate(words) if word.startswith("AAAA")), None)
    if data is None:
        return repr(key[:20])
    return " ".join(words[data + 1 :]) or f"…{words[data][-12:]}"


@operation()
def sudo(user: str, declared: User) -> Generator[StringCommand | str, None, None]:
    """Have exactly the declared right to become root, in a file of our own that visudo has checked."""
    path = f"{SUDOERS}{user}"
    if login_user(host) == user and user != "root" and declared.sudo != "nopasswd":
        refuse(
            host,
            f"user {user}: rig comes in as {user} and becomes root by sudo without a password; with sudo "
            f"{declared.sudo!r} it would be shut out",
        )
    rule = SUDO_RULES.get(declared.sudo)
    if rule is None:
        _refuse_other_rules(user, declared)
        yield from files.absent._inner(paths=[path])
        return
    yield from files.content._inner(
        dest=path, text=rule.format(user=user), mode="440", validate="visudo -cqf {path} >/dev/null"
    )


def _refuse_other_rules(user: str, declared: User) -> None:
    """Where others let the user become root, it is not for us to take that away, nor to say that it cannot."""
    account = look(user, declared).accounts.get(user)
    if account is None or account.root_by is None or user == "root":
        return
    others = [path for path in account.root_by if path != f"{SUDOERS}{user}"]
    ours = account.sudoers is not None or account.groups & set(ADMIN_GROUPS)  # these go
    if others or not ours:
        by = " and ".join(others) or "a rule of sudo for a group or an alias"
        refuse(
            host,
            f"user {user}: declared without sudo, and {by} gives it. Remove the line for {user} (look with: "
            f"sudo -l -U {user}), or declare access.users.{user}.sudo",
        )


@operation()
def password(user: str, declared: User) -> Generator[StringCommand, None, None]:
    """Have the declared password hash. It goes from its source to chpasswd's standard input, and nowhere else."""
    assert declared.password_hash is not None
    account = look(user, declared).accounts.get(user)  # before the secret: whoever has to look first comes once more
    try:
        crypt_hash = read_secret(declared.password_hash)
    except SecretUnreadable as error:
        refuse(host, f"user {user}: {error}")
    if not crypt_hash.startswith("$") or ":" in crypt_hash or "\n" in crypt_hash:
        refuse(host, f"user {user}: the declared secret is not a crypt(5) hash, such as `mkpasswd` prints")
    if account and account.password == password_mark(crypt_hash):
        host.noop(f"user {user} has the declared password")
        return
    because(f"user {user}: another password than declared, or none")
    yield StringCommand("chpasswd -e", _stdin=[f"{user}:{crypt_hash}\n"])


@operation()
def absent(user: str, declared: User) -> Generator[str, None, None]:
    """Remove the account and its right; its home stays, and whatever it still runs ends."""
    if login_user(host) == user or user == "root":
        refuse(host, f"user {user}: rig comes in as {user}, and the account is declared absent: it would be shut out")
    account = look(user, declared).accounts.get(user)
    rule = f"{SUDOERS}{user}"
    has_rule = host.get_fact(Files, paths=[rule])[rule] is not None
    if account is None and not has_rule:
        host.noop(f"there is no user {user}")
        return
    because(f"user {user}: present, wanted absent" if account else f"{rule}: present, wanted absent")
    if account is not None:
        yield (
            f"usermod --lock --expiredate 1 {user}; loginctl terminate-user {user} 2>/dev/null; "
            f"pkill -KILL -u {user}; n=0; while pgrep -u {user} >/dev/null && [ $n -lt 10 ]; do sleep 0.3; n=$((n+1)); "
            f"done; userdel {user}"
        )
    yield f"rm -f {rule}"

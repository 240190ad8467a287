"""Accounts: made as declared; the one that rig needs is never shut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.facts.accounts import Account, Accounts, AccountsState, password_mark
from rigwright.facts.files import Files
from rigwright.operations import accounts
from rigwright.spec.access import User
from rigwright.spec.secret import Secret
from tests.unit.operations.harness import Case, file, run

KEY = "ssh-ed25519 AAAAC3Nz anna@desk"
OLD = "ssh-ed25519 AAAAOLD old@desk"
ANNA = Account(
    1001, "/home/anna", "/bin/bash", frozenset({"anna"}), "x", keys=f"{KEY}\n", keys_safe=True, home_owner="anna"
)
SHELLS = frozenset({"/bin/bash"})
AS_ANNA = {"ssh_user": "anna"}
HASH = "$6$salt$hash"
RULE = "/etc/sudoers.d/rigwright-anna"


def _anna(account: Account | None = ANNA, **state: Any) -> dict[Any, Any]:
    known = {"groups": frozenset({"anna", "video"}), "shells": SHELLS, **state}
    return {Accounts: AccountsState({"anna": account} if account else {}, **known)}


def _declared(**keys: Any) -> dict[str, Any]:
    return {"user": "anna", "declared": User(**{"keys": [KEY], **keys})}


CASES = [
    Case("there as declared", accounts.present, _declared(), _anna()),
    Case(
        "made, with a group that nobody has made yet", accounts.present, _declared(groups=["video", "docker"]),
        _anna(None, groups=frozenset({"video"})),
        has=["groupadd --system docker", "useradd --create-home --user-group", "--shell /bin/bash anna",
             "usermod --append --groups docker,video anna"],
        lacks=["groupadd --system video"], why=["user anna: absent"],
    ),
    Case(
        "made into a group of the same name", accounts.present, _declared(), _anna(None),
        has=["--gid anna", "stat -c %u /home/anna"], lacks=["--user-group"],
    ),
    Case(
        "another shell", accounts.present, _declared(), _anna(replace(ANNA, shell="/bin/sh")),
        commands=["usermod --shell /bin/bash anna"], why=["user anna: shell /bin/sh, wanted /bin/bash"],
    ),
    Case(
        "another shell of rig's own account: proven by a new connection", accounts.present, _declared(),
        _anna(replace(ANNA, shell="/bin/sh")), data=AS_ANNA,
        has=["--unit=rigwright-undo-shell", "getent passwd anna | cut -d: -f7 > /var/lib/rigwright/undo/shell/old",
             'usermod --shell "$(cat /var/lib/rigwright/undo/shell/old)" anna', "usermod --shell /bin/bash anna",
             "[prove] shell None"],
    ),
    Case(
        "another shell of rig's own account, never proven", accounts.present, _declared(),
        _anna(unproven=frozenset({"shell"})), data=AS_ANNA, has=["[prove] shell None"],
        why=["user anna: a change of the shell was never proven"],
    ),
    Case(
        "a home that is gone", accounts.present, _declared(), _anna(replace(ANNA, home_owner=None)),
        commands=['/usr/sbin/mkhomedir_helper anna 0077 && { [ "$(stat -L -c %U /home/anna)" != root ] '
                  "|| chown anna: /home/anna; }"],
        why=["user anna: home /home/anna is missing"],
    ),
    Case(
        "a home that is root's", accounts.present, _declared(), _anna(replace(ANNA, home_owner="root")),
        has=["chown anna: /home/anna"], lacks=["mkhomedir"], why=["user anna: home /home/anna is root's"],
    ),
    Case("a home that is somebody else's", accounts.present, _declared(), _anna(replace(ANNA, home_owner="ben"))),
    Case("no home, by design", accounts.present, _declared(),
         _anna(replace(ANNA, home="/nonexistent", home_owner=None))),
    Case(
        "a shell that is not there yet", accounts.present, _declared(shell="/bin/zsh"), _anna(),
        has=["test -x /bin/zsh || { echo 'user anna: there is no program /bin/zsh", "usermod --shell /bin/zsh anna"],
        why=["user anna: shell /bin/bash, wanted /bin/zsh; user anna: /bin/zsh is not there yet"],
    ),
    Case(
        "no sudo: out of the groups that give it", accounts.present, _declared(sudo="none", groups=["video"]),
        _anna(replace(ANNA, groups=frozenset({"anna", "video", "sudo"}))), commands=["gpasswd --delete anna sudo"],
    ),
    Case(
        "no sudo of ours, but the group is declared", accounts.present, _declared(sudo="none", groups=["sudo"]),
        _anna(replace(ANNA, groups=frozenset({"anna", "sudo"}))),
    ),
    Case("keys as declared", accounts.keys, _declared(), _anna()),
    Case(
        "a key too many, one too few", accounts.keys, _declared(), _anna(replace(ANNA, keys=f"{OLD}\n")),
        has=["runuser -u anna -- sh -c", f"<<<\n{KEY}\n"], lacks=["rigwright-undo"],
        why=["user anna: lacks key anna@desk; user anna: key old@desk is not declared"],
    ),
    Case(
        "a key in sshd's second file", accounts.keys, _declared(), _anna(replace(ANNA, more_keys=OLD)),
        has=["rm -f /home/anna/.ssh/authorized_keys2"], why=["user anna: key old@desk is not declared"],
    ),
    Case("modes that sshd refuses", accounts.keys, _declared(), _anna(replace(ANNA, keys_safe=False)), has=["chmod"]),
    Case("no keys declared, none there", accounts.keys, _declared(keys=[]), _anna(replace(ANNA, keys=None))),
    Case(
        "rig's own account: proven by a new connection", accounts.keys, _declared(), _anna(replace(ANNA, keys=OLD)),
        data=AS_ANNA,
        has=["--unit=rigwright-undo-keys --on-active=60", "[prove]",
             "cp -a /home/anna/.ssh/authorized_keys /var/lib/rigwright/undo/keys/authorized_keys;",
             "cp -a /home/anna/.ssh/authorized_keys2 /var/lib/rigwright/undo/keys/authorized_keys2;",
             "cp -a /var/lib/rigwright/undo/keys/authorized_keys2 /home/anna/.ssh/authorized_keys2;",
             "mv /var/lib/rigwright/undo/keys.sh"],
    ),
    Case(
        "rig's own account: an unproven change is made anew", accounts.keys, _declared(),
        _anna(unproven=frozenset({"keys"})), data=AS_ANNA, has=["[prove]"],
        why=["user anna: a change of keys was never proven"],
    ),
    Case("rig's own without a key", accounts.keys, _declared(keys=[]), _anna(), data=AS_ANNA, refuses="shut out"),
    Case(
        "the right without a password", accounts.sudo, _declared(), {},
        has=["visudo -cqf", "chmod 440", "<<<\nanna ALL=(ALL:ALL) NOPASSWD: ALL\n"],
    ),
    Case("with a password", accounts.sudo, _declared(sudo="password"), {}, has=["<<<\nanna ALL=(ALL:ALL) ALL\n"]),
    Case("no right, none there", accounts.sudo, _declared(sudo="none"), _anna()),
    Case(
        "no right, and a cloud image's own rule gives it", accounts.sudo, _declared(sudo="none"),
        _anna(replace(ANNA, root_by=("/etc/sudoers.d/90-cloud-init-users", RULE), sudoers="anna")),
        refuses="declared without sudo, and /etc/sudoers.d/90-cloud-init-users gives it",
    ),
    Case(
        "no right, and some group's rule gives it", accounts.sudo, _declared(sudo="none"),
        _anna(replace(ANNA, root_by=())), refuses="a rule of sudo for a group or an alias gives it",
    ),
    Case(
        "no right, which a group gives that the account is taken out of", accounts.sudo, _declared(sudo="none"),
        _anna(replace(ANNA, root_by=(), groups=frozenset({"anna", "sudo"}))),
    ),
    Case(
        "no right: ours is taken away", accounts.sudo, _declared(sudo="none"),
        {**_anna(replace(ANNA, root_by=(RULE,), sudoers="anna")), Files: {RULE: file()}},
        commands=[f"rm -f -- {RULE}"],
    ),
    Case("rig's own account needs it", accounts.sudo, _declared(sudo="password"), {}, data=AS_ANNA, refuses="shut out"),
    Case(
        "removed, with its rule", accounts.absent, _declared(state="absent"), {**_anna(), Files: {RULE: file()}},
        has=["loginctl terminate-user anna", "userdel anna", f"rm -f {RULE}"], lacks=["userdel -r", "--remove"],
    ),
    Case("not there", accounts.absent, _declared(state="absent"), _anna(None)),
    Case("only its rule is left", accounts.absent, _declared(state="absent"), {**_anna(None), Files: {RULE: file()}},
         commands=[f"rm -f {RULE}"]),
    Case("rig's own stays", accounts.absent, _declared(state="absent"), _anna(), data=AS_ANNA, refuses="shut out"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_accounts(case: Case) -> None:
    case.check()


def _password(account: Account | None, monkeypatch: pytest.MonkeyPatch, value: str | None = HASH) -> Case:
    monkeypatch.delenv("ANNAS_HASH", raising=False)
    if value is not None:
        monkeypatch.setenv("ANNAS_HASH", value)
    declared = _declared(password_hash=Secret(env="ANNAS_HASH"))
    return Case("password", accounts.password, declared, _anna(account))


def test_a_password_is_compared_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _password(replace(ANNA, password=password_mark(HASH)), monkeypatch).check()


def test_a_password_goes_to_standard_input_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _password(ANNA, monkeypatch)
    step = run(case.operation, case.arguments, case.facts)
    assert step.commands == (f"chpasswd -e\n<<<\nanna:{HASH}\n",)
    assert HASH not in " ".join(step.why)


def test_a_secret_is_not_read_before_the_host_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where facts are collected first, an operation is begun several times."""

    class Unknown(BaseException):
        pass

    def look(**_: Any) -> Any:
        raise Unknown

    def read(_: Secret) -> str:
        raise AssertionError("read")

    monkeypatch.setattr(accounts, "read_secret", read)
    case = _password(ANNA, monkeypatch)
    with pytest.raises(Unknown):
        run(case.operation, case.arguments, {Accounts: look})


@pytest.mark.parametrize(("value", "says"), [(None, "ANNAS_HASH is not set"), ("hunter2", "not a crypt(5) hash")])
def test_a_password_that_is_none_is_refused(value: str | None, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _password(ANNA, monkeypatch, value)
    case.refuses = says
    case.check()

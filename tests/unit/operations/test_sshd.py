"""sshd: hardened, moved, and never shut to whoever does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rigwright.facts.files import Files
from rigwright.facts.session import Session, SessionState
from rigwright.facts.sshd import CONFIG, DROP_IN, SOCKET_DROP_IN, Directive, Sshd, SshdState
from rigwright.facts.units import Units
from rigwright.operations import files, sshd
from rigwright.spec.access import Ssh
from tests.unit.operations.harness import Case, file, run, unit

INCLUDE = Directive(CONFIG, 12, "include", "/etc/ssh/sshd_config.d/*.conf")
FRESH = SshdState(
    settings={"passwordauthentication": "yes", "permitrootlogin": "without-password", "maxauthtries": "6"},
    ports=(22,),
    directives=(INCLUDE,),
    keys=1,
    socket_ports=(22,),
)
TYPO = f"{DROP_IN}: line 10: Bad configuration option: minAuthTries; {CONFIG}: terminating, 1 bad configuration options"
BROKEN = SshdState(error=TYPO, directives=(INCLUDE,), keys=1)
DONE = replace(FRESH, settings=sshd.settings(Ssh()))
ROOT = {"ssh_user": "root"}
ADMIN = {"ssh_user": "admin"}
TEXT = files.render(
    f"{DROP_IN[1:]}.j2", {"port": None, "root_login": "prohibit-password", "passwords": False, "max_auth_tries": 4}
)
OURS = file(TEXT, mtime=500)


def _host(
    state: SshdState, *, socket: bool = False, drop_in: Any = None, session: int = 22, **more: Any
) -> dict[Any, Any]:
    """``session``: the port that the connection comes in by, as the host sees it; ``more``: of ssh.service."""
    service = {"active": "inactive" if socket else "active", "enabled": "disabled" if socket else "enabled", **more}
    units = {
        "ssh.service": unit(**service),
        "ssh.socket": unit("active" if socket else "inactive", "enabled" if socket else "disabled"),
    }
    return {
        Sshd: state,
        Units: units,
        Files: {CONFIG: file(mtime=100), **({DROP_IN: drop_in} if drop_in else {})},
        Session: SessionState("10.0.0.7", session),
    }


def _wants(declared_keys: int = 0, **ssh: Any) -> dict[str, Any]:
    return {"ssh": Ssh(**ssh), "declared_keys": declared_keys}


OF_NOW = f"find -L {CONFIG} {DROP_IN} -maxdepth 0 -newermt now -exec touch {{}} +"
RELOAD = "systemctl reload ssh.service && mv -f /run/rigwright/reloaded/ssh.service.new"
RESTART = "systemctl stop ssh.service 2>/dev/null; systemctl restart ssh.socket"

CASES = [
    Case("as declared", sshd.configured, _wants(), _host(DONE, drop_in=OURS), data=ROOT),
    Case(
        "hardened: written, checked, reloaded, looked at, proven", sshd.configured, _wants(), _host(FRESH), data=ROOT,
        has=["--unit=rigwright-undo-sshd", "sshd -t && ", RELOAD, "said=$(sshd -T", "'passwordauthentication no'",
             "[prove]", "PasswordAuthentication no", "KbdInteractiveAuthentication no"],
        lacks=["Port ", "1i Include", "ListenStream"],
    ),
    Case(
        "a reload that was lost", sshd.configured, _wants(), _host(DONE, drop_in=file(TEXT, mtime=2000)), data=ROOT,
        has=[OF_NOW, RELOAD], why=[f"sshd: started before {DROP_IN} changed"],
    ),
    Case(
        "reloaded since", sshd.configured, _wants(), _host(DONE, drop_in=file(TEXT, mtime=2000), reloaded=3000.0),
        data=ROOT,
    ),
    Case(
        "its file reads no drop-ins", sshd.configured, _wants(), _host(replace(FRESH, directives=()), drop_in=OURS),
        data=ROOT, has=["sed -i '1i Include /etc/ssh/sshd_config.d/*.conf' /etc/ssh/sshd_config"],
    ),
    Case(
        "moved to another port", sshd.configured, _wants(port=2222), _host(DONE, drop_in=OURS), data=ROOT,
        has=["<<<\n", "Port 2222", RELOAD, "[prove]"], lacks=["restart ssh.socket"],
    ),
    Case(
        "moved, where systemd listens (Debian)", sshd.configured, _wants(port=2222),
        _host(DONE, socket=True, drop_in=OURS), data=ROOT,
        has=[f"install -D -m 644 /dev/stdin {SOCKET_DROP_IN}", "ListenStream=2222", RESTART], lacks=[RELOAD],
    ),
    Case(
        "moved, where systemd derives its socket from sshd's files (Ubuntu 24.04)", sshd.configured, _wants(port=2222),
        _host(replace(DONE, generator=True), socket=True, drop_in=OURS), data=ROOT,
        has=["Port 2222", f"rm -f {SOCKET_DROP_IN}", RESTART], lacks=["ListenStream"],
    ),
    Case(
        "other settings, where systemd listens: the next connection starts sshd anew", sshd.configured, _wants(),
        _host(FRESH, socket=True), data=ROOT,
        has=["systemctl stop ssh.service 2>/dev/null; systemctl start ssh.socket"], lacks=[RELOAD],
    ),
    Case(
        "behind a forwarded port: proven by the way in use", sshd.configured, _wants(), _host(FRESH),
        data={"ssh_user": "root", "ssh_port": 2222}, has=["[prove] sshd None"],
    ),
    Case(
        "moved: proven at the new port, whatever the files already say", sshd.configured, _wants(port=2222),
        _host(replace(DONE, ports=(2222,), unproven=True), drop_in=OURS), data=ROOT, has=["[prove] sshd 2222"],
    ),
    Case(
        "moved by a change that was never proven, where systemd listens: a new port is a new socket",
        sshd.configured, _wants(port=2222),
        _host(replace(DONE, socket_ports=(2222,), unproven=True), socket=True, drop_in=OURS), data=ROOT, has=[RESTART],
    ),
    Case(
        "disabled: it would be missed after the next boot only", sshd.configured, _wants(),
        _host(DONE, drop_in=OURS, enabled="disabled"), data=ROOT, commands=["systemctl enable ssh.service"],
        why=["ssh.service: disabled, and nobody could log in after a boot"],
    ),
    Case(
        "masked, and its settings differ: what is masked cannot be reloaded", sshd.configured, _wants(),
        _host(FRESH, load="masked", enabled="masked"), data=ROOT,
        has=["systemctl unmask ssh.service && systemctl unmask --runtime ssh.service && systemctl enable ssh.service",
             RELOAD],
    ),
    Case(
        "masked, where systemd listens: it has nobody to start", sshd.configured, _wants(),
        _host(DONE, socket=True, drop_in=OURS, load="masked", enabled="masked"), data=ROOT,
        commands=["systemctl unmask ssh.service && systemctl unmask --runtime ssh.service"],
    ),
    Case(
        "an unproven change", sshd.configured, _wants(), _host(replace(DONE, unproven=True), drop_in=OURS), data=ROOT,
        has=["[prove]"], why=["sshd: a change of its settings was never proven"],
    ),
    Case(
        "somebody's file sets another port", sshd.configured, _wants(),
        _host(replace(FRESH, directives=(INCLUDE, Directive(CONFIG, 20, "port", "2200")))), data=ROOT,
        refuses="/etc/ssh/sshd_config:20 says 2200",
    ),
    Case(
        "somebody's file sets the declared port: ours does not name it twice", sshd.configured, _wants(port=2200),
        _host(replace(DONE, ports=(2200,), directives=(INCLUDE, Directive(CONFIG, 20, "port", "2200"))), drop_in=OURS),
        data=ROOT,
    ),
    Case(
        "an earlier file decides otherwise", sshd.configured, _wants(),
        _host(replace(DONE, settings={**DONE.settings, "passwordauthentication": "yes"}), drop_in=OURS), data=ROOT,
        refuses="a file that is read earlier, or a Match block, decides otherwise",
    ),
    Case(
        "sshd does not take its files for a fault in ours", sshd.configured, _wants(),
        _host(BROKEN, drop_in=file("minAuthTries 4")), data=ROOT,
        has=["MaxAuthTries 4", "sshd -t && ", RELOAD, "[prove]"],
        why=[f"{DROP_IN}: content differs; sshd: does not take its files: {TYPO}"],
    ),
    Case(
        "sshd does not take its files for a fault in somebody's", sshd.configured, _wants(),
        _host(replace(BROKEN, error=f"{CONFIG}: line 7: Bad configuration option: Foo"), drop_in=OURS), data=ROOT,
        refuses=f"{CONFIG}: line 7: Bad configuration option: Foo. Correct that by hand",
    ),
    Case(
        "sshd does not take its files, and cannot say where keys are", sshd.configured, _wants(),
        _host(replace(BROKEN, keys=0), drop_in=file("minAuthTries 4")), data=ROOT,
        refuses="as it does not take its files: " + TYPO,
    ),
    Case(
        "root may not log in, and rig does", sshd.configured, _wants(root_login="no"), _host(FRESH), data=ROOT,
        refuses="would shut rig out, which comes in as root",
    ),
    Case("root may not log in, and rig does not", sshd.configured, _wants(root_login="no"), _host(FRESH), data=ADMIN,
         has=["PermitRootLogin no"]),
    Case(
        "no key of the user that rig comes in as", sshd.configured, _wants(), _host(replace(FRESH, keys=0)), data=ADMIN,
        refuses="there is no key for admin on the host, and none is declared",
    ),
    Case("its key is declared", sshd.configured, _wants(1), _host(replace(FRESH, keys=0)), data=ADMIN, has=["[prove]"]),
    Case(
        "its keys come from elsewhere", sshd.configured, _wants(),
        _host(replace(FRESH, keys=0, settings={**FRESH.settings, "authorizedkeyscommand": "/usr/bin/sss"})), data=ADMIN,
        has=["[prove]"],
    ),
    Case("passwords stay", sshd.configured, _wants(password_authentication=True), _host(replace(FRESH, keys=0)),
         data=ADMIN, has=["PasswordAuthentication yes"]),
    Case(
        "passwords stay, but not for root", sshd.configured, _wants(password_authentication=True),
        _host(replace(FRESH, keys=0)), data=ROOT, refuses="no key for root",
    ),
    Case(
        "keys are not accepted at all", sshd.configured, _wants(),
        _host(replace(FRESH, settings={**FRESH.settings, "pubkeyauthentication": "no"})), data=ADMIN,
        refuses="PubkeyAuthentication no",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sshd(case: Case) -> None:
    case.check()


@pytest.mark.parametrize(
    ("state", "declared_keys", "refused"),
    [
        (FRESH, 0, True),
        (FRESH, 1, False),
        (replace(FRESH, anybodys_keys=1), 0, False),
        (replace(FRESH, settings={**FRESH.settings, "passwordauthentication": "no"}), 0, False),
        (BROKEN, 0, True),
    ],
)
def test_where_rig_does_not_come_by_sshd_somebody_still_has_to(
    state: SshdState, declared_keys: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sshd, "login_user", lambda host: None)
    case = Case("by no sshd", sshd.configured, _wants(declared_keys), _host(replace(state, keys=0)), has=["[prove]"])
    if refused:
        case.refuses = "turning passwords off would let nobody in over SSH"
    case.check()


def test_a_failed_change_is_undone_at_once() -> None:
    arm, change, proof, disarm = run(sshd.configured, _wants(), _host(FRESH), ROOT).commands
    assert "cp -a /etc/ssh/sshd_config" in arm and "systemd-run" in arm
    assert change.partition("\n<<<\n")[0].endswith(
        "|| { status=$?; systemctl stop rigwright-undo-sshd.timer 2>/dev/null; "
        "sh /var/lib/rigwright/undo/sshd.sh; exit $status; }"
    )
    assert proof == "[prove] sshd None"
    assert disarm.startswith("mv /var/lib/rigwright/undo/sshd.sh")


@pytest.mark.parametrize(
    ("session", "proven"),
    [(SessionState("192.0.2.7", 22), 2222), (SessionState("192.0.2.7", 2222), None), (None, 2222)],
    ids=["moved", "already there, whatever port leads to it on this side", "not by SSH"],
)
def test_which_port_the_proof_goes_to(
    session: SessionState | None, proven: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def guarded(name: str, *, port: int | None, **more: str) -> Iterator[str]:
        asked.append(port)
        yield "true"

    monkeypatch.setattr(sshd, "guarded", guarded)
    run(sshd.configured, _wants(port=2222), {**_host(FRESH), Session: session}, ROOT)
    assert set(asked) == {proven}

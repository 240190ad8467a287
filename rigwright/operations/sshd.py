"""sshd's settings, changed so that whoever sets them can still come in afterwards."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.engine.reconnect import login_user
from rigwright.facts.files import Files, FileState
from rigwright.facts.session import Session
from rigwright.facts.sshd import CONFIG, DROP_IN, SOCKET_DROP_IN, Sshd, SshdState
from rigwright.facts.undo import kept
from rigwright.facts.units import STAMPS, Units, UnitState
from rigwright.operations import files
from rigwright.operations.guard import guarded
from rigwright.operations.units import from_the_present
from rigwright.spec.access import Ssh

DEFAULT_PORT = 22
INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf"
CORRECT_IT = "Correct that by hand until `sshd -t` says nothing, and run this again"


def settings(ssh: Ssh) -> dict[str, str]:
    """What `sshd -T` has to say, by its lower-case keywords."""
    passwords = "yes" if ssh.password_authentication else "no"
    return {
        "permitrootlogin": "without-password" if ssh.root_login == "prohibit-password" else ssh.root_login,
        "passwordauthentication": passwords,
        "kbdinteractiveauthentication": passwords,
        "permitemptypasswords": "no",
        "maxauthtries": str(ssh.max_auth_tries),
        "logingracetime": "30",
        "x11forwarding": "no",
        "clientaliveinterval": "60",
        "clientalivecountmax": "3",
    }


@operation()
def configured(ssh: Ssh, declared_keys: int) -> Generator[StringCommand | str | FunctionCommand, None, None]:
    """Have sshd run with the declared settings, on the declared port, and with what goes for hardening today.

    ``declared_keys``: how many keys are declared for the user that rig comes in as, or for anybody where it does not
    come by sshd. Refuses what would leave that user, or everybody, no way in, and to work where sshd does not take its
    files for a fault that is not in ours. What is set is proven by a new connection; without that proof the host
    takes it back.
    """
    user = login_user(host)
    state = host.get_fact(Sshd, user=user or "root")
    units = host.get_fact(Units, names=["ssh.service", "ssh.socket"])
    found = host.get_fact(Files, paths=[DROP_IN, CONFIG, SOCKET_DROP_IN])
    session = host.get_fact(Session)
    text = _drop_in(ssh, state)
    if state.error and _holds(found[DROP_IN], text):
        refuse(host, f"sshd does not take its files, though {DROP_IN} is as declared: {state.error}. {CORRECT_IT}")
    if user is None:
        _refuse_lockout_of_all(ssh, state, declared_keys)
    else:
        _refuse_lockout(user, ssh, state, declared_keys)
    socket = units["ssh.socket"].running
    socket_text = None
    if socket and not state.generator and ssh.port != DEFAULT_PORT:
        socket_text = files.render(f"{SOCKET_DROP_IN[1:]}.j2", {"port": ssh.port})
    gaps = _gaps(ssh, state, units, found, text, socket_text)
    absences = _absences_at_boot(units)
    if not gaps and not absences:
        host.noop("sshd runs as declared")
        return
    because("; ".join([*absences, *gaps]))
    yield from absences.values()  # first: a masked unit cannot be reloaded
    if not gaps:
        return
    # What an unproven change has moved already is moved back before it is made anew.
    moves = state.unproven or set(state.socket_ports if socket else state.ports) != {ssh.port}
    yield from guarded(
        "sshd",
        save="; ".join(_saved(path) for path in (DROP_IN, CONFIG, SOCKET_DROP_IN)),
        undo="\n".join([*(_restored(path) for path in (DROP_IN, CONFIG, SOCKET_DROP_IN)), _taken_up(socket, moves)]),
        change=_change(ssh, state, text, socket_text, _taken_up(socket, moves)),
        # Behind a router that forwards a port, the one to knock at is not the one that sshd listens on.
        port=None if session and session.port == ssh.port else ssh.port,
    )


def _drop_in(ssh: Ssh, state: SshdState) -> str:
    others = state.foreign_ports
    if others and set(others.values()) != {ssh.port}:
        where = ", ".join(f"{place} says {port}" for place, port in others.items())
        refuse(
            host,
            f"sshd's port is declared as {ssh.port}, but {where}, and sshd listens on all that are named. "
            "Remove that line, or declare access.ssh.port accordingly",
        )
    return files.render(
        f"{DROP_IN[1:]}.j2",
        {
            "port": None if others or ssh.port == DEFAULT_PORT else ssh.port,
            "root_login": ssh.root_login,
            "passwords": ssh.password_authentication,
            "max_auth_tries": ssh.max_auth_tries,
        },
    )


def _refuse_lockout(user: str, ssh: Ssh, state: SshdState, declared_keys: int) -> None:
    if user == "root" and ssh.root_login == "no":
        refuse(
            host,
            "access.ssh.root_login = 'no' would shut rig out, which comes in as root. First declare a user of "
            "access.users with a key and sudo 'nopasswd', and connect as that user (ssh_user)",
        )
    passwords_let_in = ssh.password_authentication and user != "root"
    no_key = not state.keys and not declared_keys and not state.other_ways_in
    if no_key and not passwords_let_in and state.error:
        refuse(
            host,
            f"turning passwords off may shut rig out, which comes in as {user}: the usual files hold no key for "
            f"{user}, and sshd cannot say where else it looks, as it does not take its files: {state.error}. "
            f"{CORRECT_IT}",
        )
    if no_key and not passwords_let_in:
        refuse(
            host,
            f"turning passwords off would shut rig out, which comes in as {user}: there is no key for {user} on the "
            f"host, and none is declared. Declare access.users.{user}.keys, or put a key on the host "
            f"(ssh-copy-id {user}@{host.name})",
        )
    if state.settings.get("pubkeyauthentication", "yes") != "yes" and not passwords_let_in:
        refuse(host, "turning passwords off would shut rig out: sshd's files have PubkeyAuthentication no")


def _refuse_lockout_of_all(ssh: Ssh, state: SshdState, declared_keys: int) -> None:
    now = state.settings.get("passwordauthentication", "yes" if state.error else "no")
    turned_off = not ssh.password_authentication and now == "yes"
    if turned_off and not declared_keys and not state.anybodys_keys and not state.other_ways_in:
        refuse(
            host,
            "turning passwords off would let nobody in over SSH: no account of the host has a key, and none is "
            "declared. Declare a user of access.users with a key, or access.ssh.password_authentication = True",
        )


def _gaps(
    ssh: Ssh,
    state: SshdState,
    units: dict[str, UnitState],
    found: dict[str, FileState | None],
    text: str,
    socket_text: str | None,
) -> list[str]:
    gaps = []
    if not _holds(found[DROP_IN], text):
        gaps.append(f"{DROP_IN}: {'content differs' if found[DROP_IN] else 'missing'}")
    if not state.includes_drop_ins:
        gaps.append(f"{CONFIG}: does not read its drop-ins")
    if socket_text is not None and not _holds(found[SOCKET_DROP_IN], socket_text):
        gaps.append(f"{SOCKET_DROP_IN}: content differs")
    if socket_text is None and found[SOCKET_DROP_IN]:
        gaps.append(f"{SOCKET_DROP_IN}: present, wanted absent")
    not_in_force = [] if state.error else _not_in_force(ssh, state)
    if not gaps and not_in_force:
        refuse(
            host,
            f"sshd: {'; '.join(not_in_force)}, although {DROP_IN} says so: a file that is read earlier, or a Match "
            f"block, decides otherwise. Look with: grep -rn -i {not_in_force[0].split()[0]} {CONFIG} {CONFIG}.d",
        )
    gaps += [f"sshd: {line}" for line in not_in_force]
    if state.error:
        gaps.append(f"sshd: does not take its files: {state.error}")
    service = units["ssh.service"]
    changed = [path for path in (DROP_IN, CONFIG) if _newer(found[path], max(service.started, service.reloaded))]
    if service.running and changed:
        gaps.append(f"sshd: started before {', '.join(changed)} changed")
    if units["ssh.socket"].running and set(state.socket_ports) != {ssh.port}:
        gaps.append(f"ssh.socket: port {', '.join(map(str, state.socket_ports))}, wanted {ssh.port}")
    elif not state.error and set(state.ports) != {ssh.port}:
        gaps.append(f"sshd: port {', '.join(map(str, state.ports))}, wanted {ssh.port}")
    if state.unproven:
        gaps.append("sshd: a change of its settings was never proven")
    return gaps


def _not_in_force(ssh: Ssh, state: SshdState) -> list[str]:
    return [
        f"{name} is {state.settings.get(name, 'not said')}, wanted {value}"
        for name, value in settings(ssh).items()
        if _same(state.settings.get(name)) != value
    ]


def _absences_at_boot(units: dict[str, UnitState]) -> dict[str, str]:
    """Why sshd would not be there after the next boot, each with the command against it."""
    in_use = "ssh.socket" if units["ssh.socket"].running else "ssh.service"
    one_starts = any(unit.starts_at_boot and not unit.masked for unit in units.values())
    found = {}
    for name in dict.fromkeys(
        (in_use, "ssh.service")
    ):  # where systemd listens, it starts the service for whoever comes
        unit = units[name]
        commands = [f"systemctl unmask {name} && systemctl unmask --runtime {name}"] if unit.masked else []
        if name == in_use and not one_starts:
            commands.append(f"systemctl enable {name}")
        if commands:
            reason = f"{name}: {unit.enabled or unit.load}, and nobody could log in after a boot"
            found[reason] = " && ".join(commands)
    return found


def _change(ssh: Ssh, state: SshdState, text: str, socket_text: str | None, take_up: str) -> StringCommand:
    written = files.written(DROP_IN, text.encode(), "644", "root", "root", None)
    steps = [f"{{ {written.get_raw_value()}; }}"]
    if not state.includes_drop_ins:
        steps.append(f"sed -i '1i {INCLUDE}' {CONFIG}")
    if socket_text is None:
        steps.append(f"rm -f {SOCKET_DROP_IN}")
    else:
        steps.append(f"printf %s {shlex.quote(socket_text)} | install -D -m 644 /dev/stdin {SOCKET_DROP_IN}")
    steps += ["mkdir -p /run/sshd", "sshd -t", f"{{ {take_up}; }}", _in_force(ssh)]
    return StringCommand(" && ".join(steps), **written.connector_arguments)


def _in_force(ssh: Ssh) -> str:
    """Shell that fails, saying why, unless sshd's files come to what is declared."""
    wanted = " ".join(f"'{name} {value}'" for name, value in settings(ssh).items())
    return (
        "mkdir -p /run/sshd; said=$(sshd -T | sed 's/ prohibit-password$/ without-password/') && "
        f"for line in {wanted}; do "
        'echo "$said" | grep -qx "$line" || { echo "sshd does not come to: $line; read before our drop-in is" '
        f'"$(grep -inHE "^[[:space:]]*${{line%% *}}" {CONFIG} {CONFIG}.d/*.conf | grep -v {DROP_IN} | head -n 1)" >&2; '
        "exit 1; }; done"
    )


def _taken_up(socket: bool, moves: bool) -> str:
    """Shell that has sshd take up its files. Sessions that are open stay open."""
    if socket:
        # An sshd that systemd has handed its socket to cannot open one itself when told to reload: it would end. It is
        # stopped, and the next connection starts it; a new port is a new socket.
        verb = "restart" if moves else "start"
        return f"systemctl daemon-reload; systemctl stop ssh.service 2>/dev/null; systemctl {verb} ssh.socket"
    stamp = f"{STAMPS}/ssh.service"
    return (
        f"{from_the_present([CONFIG, DROP_IN])}mkdir -p {STAMPS}; touch {stamp}.new; "
        f"if systemctl is-active -q ssh.service; then systemctl reload ssh.service && mv -f {stamp}.new {stamp}; fi"
    )


def _saved(path: str) -> str:
    copy = f"{kept('sshd')}/{path.replace('/', '_')}"
    return f"if [ -e {path} ]; then cp -a {path} {copy}; else rm -f {copy}; fi"


def _restored(path: str) -> str:
    copy = f"{kept('sshd')}/{path.replace('/', '_')}"
    return f"if [ -e {copy} ]; then cp -a {copy} {path} && touch {path}; else rm -f {path}; fi"


def _holds(found: FileState | None, text: str) -> bool:
    if found is None:
        return False
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (found.sha256, found.mode, found.user, found.group) == (digest, "644", "root", "root")


def _newer(found: FileState | None, since: float) -> bool:
    return found is not None and found.mtime > since


def _same(value: str | None) -> str | None:
    return "without-password" if value == "prohibit-password" else value

"""The firewall: one table of our own, in force and at boot, that never cuts the connection that sets it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation

from rigwright.choice.access import firewall_rules, lets_in
from rigwright.engine.reasons import because, refuse
from rigwright.engine.reconnect import has_moved, login_user
from rigwright.facts.files import Files
from rigwright.facts.firewall import TABLE, Firewall
from rigwright.facts.session import Session, SessionState
from rigwright.facts.sshd import Sshd
from rigwright.facts.undo import kept
from rigwright.facts.units import Units
from rigwright.operations import files
from rigwright.operations.guard import guarded
from rigwright.spec.rig import Rig

RULESET = "/etc/rigwright/firewall.nft"
"""What is loaded at boot: always rules that a new connection has come through."""

_STAGED = "/run/rigwright/firewall.nft"
_OLD = f"{kept('firewall')}/old.nft"
_REPLACED = f"echo 'add table {TABLE}'; echo 'delete table {TABLE}'; cat {_OLD}"


def ruleset(rig: Rig, session_port: int | None) -> str:
    """The nft file for a declaration."""
    context = {"ping": rig.access.firewall.ping, "rules": firewall_rules(rig, session_port)}
    return files.render(f"{RULESET[1:]}.j2", context)


Commands = Generator[StringCommand | str | FunctionCommand, None, None]


@operation()
def applied(rig: Rig) -> Commands:
    """Have the declared rules in force and on disk.

    Refuses where another firewall is in force, and where the connection in use comes from an address that may not
    come in any more. What is loaded is proven by a new connection before it is kept for the next boot; without that
    proof the host takes it back.
    """
    yield from _in_force(rig, host.get_fact(Session))


@operation()
def left_port_closed(rig: Rig) -> Commands:
    """Close the port that the connection came in by, once sshd has been moved from it and the new one is in use.

    For after sshd. Where sshd is not moved there is no such port.
    """
    session = host.get_fact(Session)
    if has_moved(host):
        yield from _in_force(rig, session)
    elif session and _is_to_be_left(session.port, rig):
        because(f"port {session.port}: open until sshd has been proven to answer on {rig.access.ssh.port}")
        yield from _loaded(ruleset(rig, None))
    else:
        host.noop("sshd stays where it is")


def _is_to_be_left(port: int, rig: Rig) -> bool:
    """Whether sshd listens there now, and is declared to listen elsewhere."""
    sshd = host.get_fact(Sshd, user=login_user(host) or "root")
    socket = host.get_fact(Units, names=["ssh.service", "ssh.socket"])["ssh.socket"]
    return port != rig.access.ssh.port and port in (sshd.socket_ports if socket.running else sshd.ports)


def _in_force(rig: Rig, session: SessionState | None) -> Commands:
    text = ruleset(rig, session.port if session else None)
    state = host.get_fact(Firewall, text=text)
    if state.others:
        name = " and ".join(state.others)
        refuse(
            host,
            f"{name} is in force, and two firewalls let in only what both let in: take {name} away, or declare "
            "access.firewall.state = 'absent'",
        )
    sources = rig.access.firewall.ssh_sources
    if session and not lets_in(sources, session.client):
        refuse(
            host,
            f"rig's own connection comes from {session.client}, which access.firewall.ssh_sources "
            f"({', '.join(sources)}) does not let in: it would be shut out",
        )
    if state.error:
        refuse(host, f"nft cannot load the declared rules: {state.error}")
    found = host.get_fact(Files, paths=[RULESET])[RULESET]
    on_disk = found is not None and found.sha256 == hashlib.sha256(text.encode()).hexdigest() and found.mode == "644"
    gaps = [f"firewall: {difference}" for difference in state.differences()]
    if state.unproven:
        gaps.append("firewall: a change of its rules was never proven")
    if not gaps and on_disk:
        host.noop("the firewall is as declared")
        return
    because("; ".join(gaps or [f"{RULESET}: differs from the rules in force"]))
    yield from _loaded(text)


def _loaded(text: str) -> Commands:
    written = files.written(_STAGED, text.encode(), "644", "root", "root", None)
    load = StringCommand(
        f"{{ {written.get_raw_value()}; }} && nft -c -f {_STAGED} && nft -f {_STAGED}", **written.connector_arguments
    )
    yield from guarded(
        "firewall",
        save=f"nft list table {TABLE} > {_OLD} 2>/dev/null || rm -f {_OLD}",
        # After a boot there is nothing to take back: what was loaded then is on disk, and proven.
        undo=f"if [ ! -e {_STAGED} ]; then :; elif [ -s {_OLD} ]; then {{ {_REPLACED}; }} | nft -f -; "
        f"else nft delete table {TABLE} 2>/dev/null; fi",
        change=load,
        then=f"install -D -m 644 {_STAGED} {RULESET}.new && sync {RULESET}.new && mv -fT {RULESET}.new {RULESET}",
    )


@operation()
def removed() -> Generator[str, None, None]:
    """Take our table away, and nothing else."""
    state = host.get_fact(Firewall, text="")
    if state.live is None:
        host.noop("our table is not in force")
        return
    because(f"table {TABLE}: in force, wanted absent")
    yield f"nft delete table {TABLE}"

"""The way in to a host that was installed anew: whose key is it that it shows?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cli.backup.hosts import shell
from cli.progress import Silent
from cli.rebuild.parts import Result, Told, stop
from cli.running import start
from rigwright.engine import run as engine
from rigwright.engine.host_key import fingerprint
from rigwright.engine.known_hosts import Papers, keys_of
from rigwright.engine.stranger import Stranger, acquainted

if TYPE_CHECKING:
    from paramiko import PKey
    from pyinfra.api.host import Host

    from rigwright.spec.load import Declarations

_NAME = "host"
_OWN = "/etc/ssh/ssh_host_*_key.pub"
Ask = Callable[[str], bool]


@dataclass(frozen=True)
class Accepted:
    """Keys or fingerprints that are to be believed, and what says so."""

    key: str
    because: str


@dataclass(frozen=True)
class Acquaintance:
    """A host that is connected to: what it is known by, the key that it showed, and all that it has."""

    papers: Papers
    shown: PKey
    own: tuple[PKey, ...]


def accepted(declared: Declarations, host: str, asked: str | None) -> list[Accepted]:
    """What is declared, and what was asked for at the command line."""
    key = declared.connections[host].ssh_host_key
    found = [Accepted(key, "as declared in ssh_host_key")] if key is not None else []
    return [*found, *([Accepted(asked, "as asked for by --fingerprint")] if asked is not None else [])]


def introduced(declared: Declarations, host: str, believed: Sequence[Accepted], ask: Ask | None) -> Told:
    """Have the host known by the key that it shows, if that is one that somebody vouches for; and reached.

    ``ask``: puts a question to somebody; None: there is nobody. Raises `Stop`.
    """
    found = met(declared, host)
    if not isinstance(found, Stranger):
        return settled(found)
    key, because = _vouched_for(found, believed, ask)
    replace(found.papers, [key])
    again = met(declared, host)
    if isinstance(again, Stranger):
        raise stop(Result.LOST, refusal(again, believed))
    settled(again)
    return Told(Result.DONE, f"{found.at} is known by {fingerprint(key)} from now on, {because}")


def settled(found: Acquaintance | None) -> Told:
    """Forget keys of its that the host has no more. (It has shown itself by one that is known.)"""
    if found is None:
        return Told(Result.NOTHING, "not by SSH")
    known = found.papers.keys
    stale = [key for key in known if key not in found.own]
    if not stale or found.shown not in found.own:
        return Told(Result.NOTHING, f"known by {fingerprint(found.shown)}")
    replace(found.papers, found.own)
    return Told(
        Result.DONE, f"known by {fingerprint(found.shown)}; {len(stale)} keys that it has no more are forgotten"
    )


def acquaintance(host: Host) -> Acquaintance | None:
    """Inside of `Run.ask`: of the host that is connected to; None: it is not reached by SSH."""
    found = acquainted(host)
    if found is None:
        return None
    return Acquaintance(*found, keys_in(shell(host, f"cat {_OWN} 2>/dev/null || true").splitlines()))


def keys_in(lines: Sequence[str]) -> tuple[PKey, ...]:
    """Public keys, one a line, as ssh-keygen writes them."""
    return tuple(key for line in lines for key in keys_of(f"{_NAME} {line}", _NAME))


def replace(papers: Papers, keys: Sequence[PKey]) -> None:
    """Write known_hosts. Raises `Stop`."""
    try:
        papers.replace(keys)
    except OSError as error:
        raise stop(
            Result.FAILED, f"{error.filename or papers.files[0]}: cannot be written: {(error.strerror or '').lower()}"
        ) from error


def refusal(stranger: Stranger, believed: Sequence[Accepted]) -> str:
    """Why its key is not believed, and what to do."""
    shown = ", ".join(fingerprint(key) for key in stranger.shown)
    known = ", ".join(fingerprint(key) for key in stranger.known)
    knows = f"{stranger.papers.files[0]} holds {known}" if known else f"{stranger.papers.files[0]} holds none for it"
    wanted = "".join(f"; {each.key}, {each.because}, is none of these" for each in believed)
    return (
        f"the host key of {stranger.at} {'has CHANGED' if known else 'is not known'}: it shows {shown}; {knows}{wanted}"
        ". Either the machine was installed anew, or somebody stands in between. Look at its own screen: "
        f"for key in {_OWN}; do ssh-keygen -lf $key; done. Only if one of the keys that it shows is named there: add "
        f"--fingerprint {fingerprint(stranger.shown[0]).split()[1]}, or declare it as ssh_host_key"
    )


def _vouched_for(stranger: Stranger, believed: Sequence[Accepted], ask: Ask | None) -> tuple[PKey, str]:
    for each in believed:
        key = stranger.known_as(each.key)
        if key is None:
            continue
        if stranger.papers.revoked(key):
            raise stop(Result.LOST, f"{stranger.at} shows {fingerprint(key)}, which known_hosts says is revoked")
        return key, each.because
    first = stranger.shown[0]
    if ask is None or stranger.papers.revoked(first):
        raise stop(Result.LOST, refusal(stranger, believed))
    click.echo(refusal(stranger, believed), err=True)
    if not ask(f"Does the machine itself say {fingerprint(first)}?"):
        raise stop(Result.LOST, f"the key that {stranger.at} shows is not its own; nothing was changed")
    return first, "as confirmed"


def met(declared: Declarations, host: str) -> Acquaintance | Stranger | None:
    """Who answers; None: it is not reached by SSH. Raises `Stop`."""
    run = start(declared, (), Silent())
    try:
        answer = run.ask(acquaintance)[host]
        if not isinstance(answer, engine.Unanswered):
            return answer
        stranger = run.stranger(host)
    finally:
        run.close()
    if stranger is None:
        raise stop(Result.LOST if answer.lost else Result.FAILED, answer.why)
    return stranger

"""Backups: their secrets in files that root alone may read, and the first one."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.backup import identity_text, secrets_text
from rigwright.engine.reasons import because, outstanding, refuse
from rigwright.facts.backup import Backups, EarlierSnapshots
from rigwright.operations import files
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.secret import Secret

_TOLD_LINES = 8


@operation()
def secrets(dest: str, wanted: Mapping[str, tuple[str, Secret]]) -> Generator[StringCommand, None, None]:
    """Write them for the program. ``wanted``: variable → the key that it is declared by, and where it is read from."""
    values = {name: _read(key, secret) for name, (key, secret) in wanted.items()}
    yield from files.content._inner(dest=dest, text=secrets_text(values), mode="600")


@operation()
def identity(dest: str, key: str, secret: Secret) -> Generator[StringCommand, None, None]:
    """Write a private SSH key; refused where it is none. ``key``: the one that it is declared by."""
    text = _read(key, secret)
    if "PRIVATE KEY-----" not in text.partition("\n")[0]:
        refuse(host, f"{key}: expected a private SSH key, whole, as ssh-keygen writes it")
    yield from files.content._inner(dest=dest, text=identity_text(text), mode="600")


@operation()
def first_made(unit: str, program: str, place: str, host_name: str) -> Generator[str, None, None]:
    """Have one backup at least in the repository ``place``, so that it is known to work.

    Where that has snapshots of before this installation, none is made: the state of a bare host would become the
    newest one, and what is restored by default. Whoever owns it says what is to be.
    """
    known = host.get_fact(Backups)
    if known.succeeded and known.place == place:
        host.noop("there is one")
        return
    earlier = host.get_fact(EarlierSnapshots, program=program)
    if earlier:
        outstanding(
            f"{place} holds {earlier} snapshots of {host_name} of before this installation, and no backup is made "
            f"until one is chosen: `rig restore {host_name}` puts the newest back; `rig backup run {host_name} --anew` "
            "goes on without"
        )
        host.noop("there are some of before")
        return
    because(f"there is no backup in {place} yet")
    tell = f"journalctl -u {unit} -n {_TOLD_LINES} --no-pager -o cat >&2"
    yield (
        f"systemctl daemon-reload; systemctl reset-failed {unit} 2>/dev/null; "
        f"systemctl start {unit} || {{ status=$?; {tell}; exit $status; }}"
    )


def _read(key: str, secret: Secret) -> str:
    try:
        return read_secret(secret)
    except SecretUnreadable as error:
        refuse(host, f"{key}: {error}")

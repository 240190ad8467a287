"""Runtimes: their secrets in a file that root alone may read, and the end of those that nobody declares any more."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping, Sequence

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.runtimes.service import FOLDER
from rigwright.engine.reasons import because, refuse
from rigwright.facts.runtimes import OwnRuntimes, SystemUsers
from rigwright.operations import files
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.secret import Secret


@operation()
def secret_environment(dest: str, secrets: Mapping[str, Secret], whose: str) -> Generator[StringCommand, None, None]:
    """An EnvironmentFile= of systemd's with these variables. ``whose``: the key that they stand under."""
    lines = []
    for name, secret in secrets.items():
        try:
            value = read_secret(secret)
        except SecretUnreadable as error:
            refuse(host, f"{whose}.{name}: {error}")
        if "\n" in value:
            refuse(host, f"{whose}.{name}: the secret has several lines, and an environment variable can have one")
        lines.append(f"{name}={_quoted(value)}\n")
    yield from files.content._inner(dest=dest, text="".join(lines), mode="600")


def _quoted(value: str) -> str:
    """As systemd.exec(5) reads it: in double quotes, with what means something there escaped."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return f'"{escaped}"'


@operation()
def users(dest: str, wanted: Mapping[str, int]) -> Generator[StringCommand | str, None, None]:
    """Have a user and a group of each name with this number, by systemd-sysusers, whose file is ``dest``."""
    lines = [f'u {name} {number} "Rigwright runtime" /nonexistent\n' for name, number in sorted(wanted.items())]
    yield from files.content._inner(dest=dest, text="# Written by Rigwright.\n" + "".join(lines))
    found: dict[str, int] = host.get_fact(SystemUsers, names=sorted(wanted))
    missing = {name: number for name, number in wanted.items() if found.get(name) != number}
    if not missing:
        return
    for name, number in missing.items():
        if name in found:
            refuse(host, f"user {name} has number {found[name]}, and {number} is wanted: rename or remove that user")
    because("; ".join(f"user {name}: missing" for name in missing))
    yield f"systemd-sysusers {shlex.quote(dest)}"


@operation()
def others_removed(kept: Sequence[str]) -> Generator[str, None, None]:
    """Stop and remove runtimes of ours that are not among ``kept``, by name; their data stays."""
    gone = sorted(host.get_fact(OwnRuntimes) - set(kept))
    if not gone:
        host.noop("there is no other")
        return
    because("; ".join(f"{name}: there, and not declared" for name in gone))
    for name in gone:
        yield _removal(name)


def _removal(name: str) -> str:
    unit, folder = f"rig-{name}.service", shlex.quote(f"{FOLDER}/{name}")
    return (
        f"systemctl disable --now {unit} 2>/dev/null; systemctl stop {unit} 2>/dev/null; "
        f"systemctl reset-failed {unit} 2>/dev/null; "
        f"for engine in docker podman; do command -v $engine >/dev/null && $engine rm -f rig-{name} >/dev/null 2>&1;"
        f" done; rm -f /etc/systemd/system/{unit} /etc/containers/systemd/rig-{name}.container"
        f" && systemctl daemon-reload && rm -rf {folder}"
    )

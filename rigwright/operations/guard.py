"""Changes that could shut us out take themselves back unless a new connection proves that they do not.

The host itself holds the way back: before the change, a timer is armed there that undoes it. Only a new connection
from this side, made after the change, disarms it. A killed client, a lost link and a wrong rule all end in the old
state; so does a power cut: rigwright-undo.service goes the ways back that it finds at boot.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from pyinfra.api import FunctionCommand, State, StringCommand
from pyinfra.api.exceptions import OperationError
from pyinfra.api.host import Host

from rigwright.engine.reconnect import prove_new_connection
from rigwright.engine.ssh import CannotConnect
from rigwright.facts.undo import kept, undo_script, undoing_script

UNIT = "/etc/systemd/system/rigwright-undo.service"

SECONDS = 60
"""Until an unproven change is taken back: more than a connection's attempts take, less than one would wait."""

ATTEMPTS = 3
"""How often a new connection is tried before the change is taken back."""


def guarded(
    name: str,
    *,
    save: str,
    undo: str,
    change: str | StringCommand,
    then: str = ":",
    port: int | None = None,
) -> Generator[StringCommand | str | FunctionCommand, None, None]:
    """Commands that make a change which must not shut us out.

    ``save``: shell that keeps the old state, in the folder ``kept(name)``; ``undo``: shell that restores it, safe to
    run at any point of the change; ``change``: what is to be done (if it fails, it is undone at once); ``then``: what
    makes the proven change permanent; ``port``: sshd's port to try, None: the one in use. A way back that an
    interrupted run left behind is gone first.
    """
    script, undoing = undo_script(name), undoing_script(name)
    unit = f"rigwright-undo-{name}"
    quiet = "2>/dev/null || :"
    # Renaming decides who comes first, the timer or the proof: only one of them finds the script.
    claim = f'[ "$0" = {undoing} ] || mv {script} {undoing} 2>/dev/null || exit 0'
    body = f"{claim}\n{undo}\nrm -rf {undoing} {kept(name)}\n"
    yield StringCommand(
        f"umask 077; for undo in {script} {undoing}; do if [ -e $undo ]; then sh $undo; fi; done; "
        f"systemctl stop {unit}.timer {quiet}; systemctl reset-failed {unit}.timer {unit}.service {quiet}; "
        f"mkdir -p {kept(name)}; {save}; cat > {script} && systemd-run --quiet --collect --unit={unit} "
        f"--on-active={SECONDS} --timer-property=AccuracySec=1s sh {script}",
        _stdin=[body],
    )
    yield _or_undone(change, name)
    yield FunctionCommand(prove, (name, port), {})
    late = f"the change was taken back: no new connection had proven it within {SECONDS} s"
    yield (
        f"mv {script} {kept(name)}/proven 2>/dev/null || {{ echo '{late}' >&2; exit 1; }}; "
        f"{{ {then}; }} && {{ systemctl stop {unit}.timer {quiet}; }} && rm -rf {kept(name)}"
    )


def take_back(name: str) -> str:
    """Shell that undoes the change now."""
    return f"systemctl stop rigwright-undo-{name}.timer 2>/dev/null; sh {undo_script(name)}"


def _or_undone(change: str | StringCommand, name: str) -> StringCommand:
    command = change if isinstance(change, StringCommand) else StringCommand(change)
    text = f"( {command.get_raw_value()} ) || {{ status=$?; {take_back(name)}; exit $status; }}"
    return StringCommand(text, **command.connector_arguments)


def prove(state: State, host: Host, name: str, port: int | None) -> None:
    """Log in anew; where that fails, undo the change now, over the connection that is still there, and say so."""
    try:
        _log_in(host, port)
    except CannotConnect as error:
        undone, _ = host.run_shell_command(StringCommand(take_back(name)), _sudo=bool(host.data.get("_sudo")))
        outcome = "the change was taken back" if undone else f"the host takes it back within {SECONDS} s"
        raise OperationError(f"after the change no new connection was possible ({error}); {outcome}") from error


def _log_in(host: Host, port: int | None) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            prove_new_connection(host, port)
            return
        except CannotConnect as error:
            # An sshd that takes up new settings listens again a moment later.
            if not left or error.trouble != "unreachable":
                raise
        time.sleep(1)

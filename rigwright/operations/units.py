"""systemd units whose restarts follow from the host's state, not from what this run happened to change."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from typing import Literal

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Files
from rigwright.facts.units import STAMPS, Units, UnitState


@operation()
def service(
    unit: str,
    running: bool = True,
    enabled: bool | None = True,
    files: Sequence[str] = (),
    action: Literal["restart", "reload"] = "restart",
    check: str | None = None,
    told_lines: int = 0,
) -> Generator[str, None, None]:
    """Have a unit running (or stopped) and starting at boot (or not), with the configuration that is on disk.

    ``files``: configuration files and drop-in folders. When one is newer than the unit's start (and, for ``reload``,
    than our last reload), the unit is restarted or reloaded: so a restart lost to an interrupted run is made up for.
    ``check``: a command that must succeed before that, e.g. ``sshd -t``. ``enabled`` None: left alone. ``told_lines``:
    so many lines of its journal are the error's text where it does not start.
    A unit that is just starting, or about to be started again after a failure, is waited for.
    A unit whose own conditions keep it from running here is not started: systemd would do nothing, and say nothing.
    """
    state = host.get_fact(Units, names=[unit])[unit]
    if not state.exists and not running and not enabled:
        host.noop(f"{unit} does not exist")
        return
    steps: list[tuple[str, str]] = []
    if state.masked and (running or enabled):
        steps.append(("masked", f"systemctl unmask {unit} && systemctl unmask --runtime {unit}"))
    if state.need_daemon_reload:
        steps.append(("its unit file changed", "systemctl daemon-reload"))
    if enabled is None and running and not state.exists:
        # What a generator makes of a file is known to systemd once it has looked again.
        steps.append(("not known to systemd yet", "systemctl daemon-reload"))
    if enabled and not (state.starts_at_boot and not state.masked):
        steps.append((f"{state.enabled or 'not enabled'}, wanted enabled", f"systemctl enable {unit}"))
    if enabled is False and state.enabled in ("enabled", "enabled-runtime"):
        steps.append(("enabled, wanted disabled", f"systemctl disable {unit}"))
    steps += _activity(unit, state, running, files, action, check)
    if not steps:
        held_back = running and not state.running
        host.noop(f"{unit} is kept from running here: {state.held_back}" if held_back else f"{unit} is as declared")
        return
    because(f"{unit}: " + "; ".join(reason for reason, _ in steps))
    tell = f"journalctl -u {unit} -n {told_lines} --no-pager -o cat >&2"
    for _, command in steps:
        starts = told_lines and ("systemctl start" in command or "systemctl restart" in command)
        yield f"{{ {command}; }} || {{ status=$?; {tell}; exit $status; }}" if starts else command


def _activity(
    unit: str, state: UnitState, running: bool, files: Sequence[str], action: str, check: str | None
) -> list[tuple[str, str]]:
    """Why it is to be started, stopped, restarted or reloaded, and by which command."""
    if not running:
        return [(f"{state.active}, wanted stopped", f"systemctl stop {unit}")] if state.running else []
    if not state.running:
        guard = f"{check} && " if check else ""
        start = f"systemctl reset-failed {unit} 2>/dev/null; {guard}systemctl start {unit}"
        return [(f"{state.active}, wanted running", start)] if state.condition else []
    newer = _newer_files(files, max(state.started, state.reloaded))
    if newer or state.need_daemon_reload:
        reason = f"started before {', '.join(newer)} changed" if newer else "runs an older unit file"
        return [(reason, _refresh(unit, files, action, check))]
    return [("activating, wanted running", f"systemctl start {unit}")] if state.active == "activating" else []


@operation()
def read_anew(unit: str) -> Generator[str, None, None]:
    """Have systemd know a unit's files as they are on disk, without starting, stopping or restarting it."""
    if not host.get_fact(Units, names=[unit])[unit].need_daemon_reload:
        host.noop(f"{unit} is known as it is on disk")
        return
    because(f"{unit}: its unit file or a drop-in of it changed")
    yield "systemctl daemon-reload"


@operation()
def masked(unit: str) -> Generator[str, None, None]:
    """Stop a unit and keep everything from starting it."""
    state = host.get_fact(Units, names=[unit])[unit]
    if state.masked and not state.running:
        host.noop(f"{unit} is masked")
        return
    because(f"{unit}: {state.enabled or state.load}, {state.active}, wanted masked")
    yield f"systemctl mask --now {unit}"


@operation()
def unmasked(names: Sequence[str]) -> Generator[str, None, None]:
    """Let units be started that belong together: a masked service also keeps its socket from opening."""
    found = [name for name, state in host.get_fact(Units, names=list(names)).items() if state.masked]
    if not found:
        host.noop("none is masked")
        return
    because("; ".join(f"{name}: masked" for name in found))
    yield f"systemctl unmask {' '.join(found)} && systemctl unmask --runtime {' '.join(found)}"


def _newer_files(paths: Sequence[str], since: float) -> list[str]:
    if not paths:
        return []
    found = host.get_fact(Files, paths=list(paths))
    return [path for path, state in found.items() if state and state.mtime > since]


def from_the_present(files: Sequence[str]) -> str:
    """Shell, to stand before more: a file from the future (the clock was wrong when it was written) is of now.

    It would ask for a restart for ever.
    """
    listed = " ".join(map(shlex.quote, files))
    return f"find -L {listed} -maxdepth 0 -newermt now -exec touch {{}} + 2>/dev/null; " if files else ""


def _refresh(unit: str, files: Sequence[str], action: str, check: str | None) -> str:
    present_time = from_the_present(files)
    guard = f"{check} && " if check else ""
    if action == "restart":
        # Without the reset systemd refuses a unit's fourth start or so within a minute; ours are all asked for.
        return f"{present_time}{guard}{{ systemctl reset-failed {unit} 2>/dev/null; systemctl restart {unit}; }}"
    stamp = f"{STAMPS}/{unit}"
    return (
        f"{present_time}mkdir -p {STAMPS} && touch {stamp}.new && "
        f"{guard}systemctl reload {unit} && mv -f {stamp}.new {stamp}"
    )

"""What the commands about backups have in common: which hosts, the program on them, and the document of --json."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import exit_codes
from cli.declared import Unsound, load

if TYPE_CHECKING:
    from pyinfra.api.host import Host

    from rigwright.engine.run import Run, Unanswered
    from rigwright.spec.faults import Fault
    from rigwright.spec.load import Declarations

Answer = TypeVar("Answer")
LOOK_S = 300
"""How long a repository may take to say what is in it."""


@dataclass(frozen=True)
class NotDone:
    """The host was reached, and could not do it; ``why``: in its own words."""

    why: str


@dataclass(frozen=True)
class Outcome:
    """What came of one host. ``told``: further keys of its object in the document."""

    host: str
    status: int
    error: str | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {"host": self.host, **self.told, "error": self.error}


class _Failed(Exception):
    pass


Work = Callable[["Declarations", "Run"], list[Outcome]]


def on_hosts(verb: str, hosts: tuple[str, ...], as_json: bool, work: Work) -> int:
    """Do ``work`` on the hosts that have a backup declared (none named: all of those); the exit status.

    ``work`` shows what there is to show, unless ``as_json``: then one document is printed. Raises UsageError where no
    host has a backup.
    """
    try:
        declared = _with_backups(load(hosts, (), ()), named=bool(hosts))
    except Unsound as error:
        if not as_json:
            raise
        _print_document(verb, exit_codes.FAILED, [], error.faults)
        return exit_codes.FAILED
    from rigwright.engine.run import Run  # noqa: PLC0415  # most of a second, and changes the whole process

    run = Run(declared.root, declared.connections)
    try:
        outcomes = work(declared, run)
    finally:
        run.close()
    statuses = [each.status for each in outcomes]
    order = (exit_codes.FAILED, exit_codes.UNREACHED, exit_codes.PENDING)
    status = next((each for each in order if each in statuses), exit_codes.HOLDS)
    if as_json:
        _print_document(verb, status, outcomes, declared.warnings)
    else:
        for each in outcomes:
            if each.error is not None:
                click.echo(f"{each.host}: {each.error}", err=True)
    return status


def _with_backups(declared: Declarations, named: bool) -> Declarations:
    without = [name for name, rig in declared.rigs.items() if rig.backup.repository is None]
    if len(without) == len(declared.rigs) or (named and without):
        raise click.UsageError(f"{', '.join(without)}: no backup is declared (backup.repository)")
    return replace(
        declared,
        rigs={name: rig for name, rig in declared.rigs.items() if name not in without},
        connections={name: each for name, each in declared.connections.items() if name not in without},
    )


def ask(run: Run, question: Callable[[Host], Answer]) -> dict[str, Answer | NotDone | Unanswered]:
    """Put a question to each host; what the host itself could not do is told apart from not being reached."""

    def asked(host: Host) -> Answer | NotDone:
        try:
            return question(host)
        except _Failed as error:
            return NotDone(str(error))

    return run.ask(asked)


def failed(host: str, answer: NotDone | Unanswered) -> Outcome:
    """What comes of a host that did not do it, or was not reached."""
    status = exit_codes.FAILED if isinstance(answer, NotDone) else exit_codes.UNREACHED
    return Outcome(host, status, answer.why)


def save(host: Host, *words: str, limit_s: int | None = None) -> str:
    """What the program on the host says: inside `ask` alone. ``limit_s``: what it may take; restic asks a repository
    that does not answer again and again."""
    from rigwright.choice.backup import PROGRAM  # noqa: PLC0415

    absent = f"echo 'save: {PROGRAM} is not there yet: rig apply' >&2; exit 1"
    command = f"python3 -I {PROGRAM} {shlex.join(words)}"
    if limit_s is not None:
        late = f"echo 'save: the repository has not answered in {limit_s} s' >&2"
        command = f"timeout -k 5 {limit_s} {command} || {{ status=$?; [ $status != 124 ] || {late}; exit $status; }}"
    return shell(host, f"[ -e {PROGRAM} ] || {{ {absent}; }}; {command}")


def shell(host: Host, command: str) -> str:
    """What a command prints on the host, as root: inside `ask` alone."""
    from pyinfra.api import StringCommand  # noqa: PLC0415

    done, output = host.run_shell_command(StringCommand(command), _sudo=bool(host.data.get("_sudo")))
    if not done:
        said = output.stderr.strip().splitlines() or ["it failed, and said nothing"]
        raise _Failed("\n".join(line.removeprefix("save: ") for line in said))
    return str(output.stdout)


def _print_document(verb: str, status: int, outcomes: Sequence[Outcome], faults: Sequence[Fault]) -> None:
    document = {
        "command": verb,
        "exit_status": status,
        "faults": [fault.as_dict() for fault in faults],
        "hosts": [each.as_dict() for each in outcomes],
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))

"""`rig backup run`: a backup now, by the service that the timer starts, too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.backup.hosts import NotDone, Outcome, ask, failed, on_hosts, save, shell
from cli.backup.listing import at

if TYPE_CHECKING:
    from pyinfra.api.host import Host

    from rigwright.engine.run import Run, Unanswered
    from rigwright.spec.load import Declarations

POLL_S = 2.0
_UNTOLD = "backup.before, or the service itself: journalctl -u rigwright-backup"
Told = dict[str, str]


@click.command("run")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option(
    "--anew",
    is_flag=True,
    help="Although the repository holds snapshots of before this installation, which are not restored, or is gone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def run(hosts: tuple[str, ...], anew: bool, as_json: bool) -> int:
    """Make a backup of HOSTS (default: all with backups) now, and say how it ends.

    It is the host's own service (rigwright-backup): it goes on when this command, or the connection, ends.

    Exit status 0: all are saved; 1: one failed; 3: a host could not be reached.
    """

    def work(declared: Declarations, run: Run) -> list[Outcome]:
        started = ask(run, lambda host: _start(host, anew))
        ended: dict[str, Told | NotDone | Unanswered] = {
            name: answer for name, answer in started.items() if not isinstance(answer, str)
        }
        shown: Told = {}
        while len(ended) < len(started):
            time.sleep(POLL_S)
            for name, answer in ask(run, lambda host: None if host.name in ended else _state(host)).items():
                if answer is None:
                    continue
                if not isinstance(answer, dict) or answer["state"] == "ended":
                    ended[name] = answer
                elif not as_json and answer["progress"] not in ("", shown.get(name)):
                    shown[name] = answer["progress"]
                    click.echo(f"{name}: {answer['progress']}")
        return [_outcome(name, answer, as_json) for name, answer in ended.items()]

    return on_hosts("backup run", hosts, as_json, work)


def _start(host: Host, anew: bool) -> str:
    from rigwright.choice.backup import UNIT  # noqa: PLC0415

    if anew:
        save(host, "adopt")
    shell(host, f"systemctl reset-failed {UNIT} 2>/dev/null; exec systemctl start --no-block {UNIT}")
    return "started"


def _state(host: Host) -> Told:
    """``state``: "running" or "ended"; ``progress``: one line; at the end ``result`` of systemd's, ``record`` and
    ``last``, the last line of what it said."""
    from rigwright.choice.backup import PROGRESS, RECORD, UNIT  # noqa: PLC0415

    said = shell(
        host,
        f"systemctl show -p ActiveState,Result,Job {UNIT}; "
        f"printf '%s\\n' \"Progress=$(cat {PROGRESS} 2>/dev/null)\" \"Record=$(tr -d '\\n' 2>/dev/null < {RECORD})\" "
        f'"Last=$(journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID {UNIT}) -n 1 --no-pager -o cat)"',
    )
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    busy = told.get("ActiveState") in ("activating", "deactivating") or told.get("Job", "0") not in ("", "0")
    return {
        "state": "running" if busy else "ended",
        "progress": told.get("Progress", ""),
        "result": told.get("Result", ""),
        "record": told.get("Record", ""),
        "last": told.get("Last", ""),
    }


def _outcome(name: str, answer: Told | NotDone | Unanswered, as_json: bool) -> Outcome:
    if not isinstance(answer, dict):
        return failed(name, answer)
    record: dict[str, Any] = json.loads(answer["record"] or "{}")
    if answer["result"] != "success" or record.get("why"):
        return Outcome(name, exit_codes.FAILED, f"the backup failed: {record.get('why') or answer['last'] or _UNTOLD}")
    remarks = list(record.get("remarks", []))
    if not as_json:
        _show(name, record, remarks, click.echo)
    return Outcome(name, exit_codes.HOLDS, told={"saved_at": at(record["succeeded"]), "remarks": remarks})


def _show(name: str, record: dict[str, Any], remarks: list[str], echo: Callable[[str], None]) -> None:
    for remark in remarks:
        echo(f"{name}: {remark}")
    echo(f"{name}: saved to {record['place']} in {record['ended'] - record['began']:.0f} s")

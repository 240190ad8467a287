"""`rig driver status`: what is installed, loaded, held, offered, kept, and under way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.declared import load

if TYPE_CHECKING:
    from rigwright.engine.run import Unanswered

    Told = dict[str, Any] | Unanswered


@click.command("status")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def status(hosts: tuple[str, ...], as_json: bool) -> int:
    """Show the driver of HOSTS (default: all), what its repository offers, and what is kept. Nothing is changed.

    What is offered is as apt last read it, and when that was; `rig driver upgrade` reads it anew.

    Exit status 0; 1: a host did not answer; 3: a host could not be reached; 4: a change of a driver was cut off.
    """
    return shown(hosts, as_json)


def shown(hosts: tuple[str, ...], as_json: bool) -> int:
    """Ask all hosts, show what they say."""
    from cli.progress import Silent  # noqa: PLC0415
    from cli.running import start  # noqa: PLC0415

    declared = load(hosts, (), ())
    run = start(declared, ("driver",), Silent())
    try:
        from rigwright.engine.run import Unanswered  # noqa: PLC0415  # pyinfra: not for `--help`
        from tasks.driver.looking import told  # noqa: PLC0415

        answers: dict[str, Told] = run.ask(lambda host: told(host, declared.rigs[host.name]))
    finally:
        run.close()
    if as_json:
        documents = [
            {"host": name, "error": each.why} if isinstance(each, Unanswered) else {"host": name, **each}
            for name, each in answers.items()
        ]
        click.echo(json.dumps(documents, indent=2))
    else:
        for name, each in answers.items():
            for line in [f"{name}: {each.why}"] if isinstance(each, Unanswered) else lines(name, each):
                click.echo(line)
    unanswered = [each for each in answers.values() if isinstance(each, Unanswered)]
    if any(not each.lost for each in unanswered):
        return exit_codes.FAILED
    if unanswered:
        return exit_codes.UNREACHED
    return exit_codes.STRANDED if any(_under_way(each) for each in answers.values()) else exit_codes.HOLDS


def _under_way(told: Told) -> bool:
    return isinstance(told, dict) and told["change"] is not None


def lines(host: str, told: dict[str, Any]) -> list[str]:
    """One host for people."""
    modules = ", ".join(f"{kernel} {version or 'none'}" for kernel, version in told["modules"].items())
    loose = f"; not held: {', '.join(told['loose'])}" if told["loose"] else ""
    found = [
        host,
        f"  declared   {_declared(told['declared'])}",
        f"  installed  {told['installed'] or 'none'}",
        f"  modules    {modules or 'no kernel is installed here'}",
        f"  loaded     {told['loaded'] or 'none'}",
        f"  held       {len(told['held'])} packages{loose}",
        f"  offered    {_offered(told)}",
        f"  kept       {_kept(told['kept'])}",
    ]
    change = told["change"]
    if change is not None:
        found.append(f"  under way  from {change['old']} to {change['new']}, {change['step']}; it was cut off")
        found += [f"    {line}" for line in change["why"]]
        on = f"rig driver upgrade {host} --to {change['new']} goes on, "
        goes_on = on if change["step"] == "changing" and not change["from_kept"] else ""
        word = "goes on" if change["from_kept"] and change["step"] == "changing" else "goes back"
        found.append(f"    {goes_on}rig driver rollback {host} {word}")
    return found


def _declared(declared: dict[str, Any]) -> str:
    what = declared["version"] or (f"branch {declared['branch']}" if declared["branch"] else "the distribution's")
    return f"{what}, source {declared['source']}" if declared["state"] == "present" else "none"


def _offered(told: dict[str, Any]) -> str:
    branches = ", ".join(f"{branch}: {version}" for branch, version in told["offered"].items())
    read = told["lists_read_at"]
    when = datetime.fromtimestamp(read, UTC).strftime("%Y-%m-%d %H:%M UTC") if read else "never by us"
    return f"{branches or 'nothing'} (apt's lists read {when})"


def _kept(kept: list[dict[str, Any]]) -> str:
    return (
        ", ".join(
            f"{each['version']}{'' if each['whole'] else ' (not whole: ' + ', '.join(each['missing']) + ')'}"
            for each in kept
        )
        or "nothing to go back to"
    )

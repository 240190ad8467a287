"""`rig runtimes`: what serves, where, on which cards, and how fast."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import hosts_and_overrides, load

if TYPE_CHECKING:
    from rigwright.choice.runtimes.service import Service
    from rigwright.engine.run import Unanswered
    from rigwright.facts.serving import ServingState
    from rigwright.spec.load import Declarations

    Answers = dict[str, dict[str, ServingState] | Unanswered]


@click.command("runtimes")
@hosts_and_overrides
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(hosts: tuple[str, ...], profiles: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> int:
    """Show the declared runtimes of HOSTS (default: all) as they are now. Nothing is changed.

    Exit status 0: all of them can serve; 1: one cannot; 3: a host could not be reached.
    """
    from rigwright.engine.run import Run, Unanswered  # noqa: PLC0415  # isort: skip
    from rigwright.catalog import catalog  # noqa: PLC0415
    from rigwright.choice.runtimes import services  # noqa: PLC0415
    from rigwright.facts.serving import Serving  # noqa: PLC0415

    declared = load(hosts, profiles, overrides)
    wanted = {name: services(rig, catalog()) for name, rig in declared.rigs.items()}
    run = Run(declared.root, declared.connections)
    try:
        answers: Answers = run.ask(
            lambda host: (
                host.get_fact(Serving, runtimes=[(each.name, each.unit, each.health_url) for each in wanted[host.name]])
                if wanted[host.name]
                else {}
            )
        )
    finally:
        run.close()
    if as_json:
        click.echo(json.dumps([_document(each, name, answers) for name in wanted for each in wanted[name]], indent=2))
    else:
        _show(declared, wanted, answers)
    if any(isinstance(answer, Unanswered) for answer in answers.values()):
        return exit_codes.UNREACHED
    healthy = all(_state(answers, name, each) == 200 for name in wanted for each in wanted[name])
    return exit_codes.HOLDS if healthy else exit_codes.FAILED


def _state(answers: Answers, host: str, service: Service) -> int:
    answer = answers[host]
    return answer[service.name].status if isinstance(answer, dict) and service.name in answer else 0


def _document(service: Service, host: str, answers: Answers) -> dict[str, object]:
    answer = answers[host]
    state = answer.get(service.name) if isinstance(answer, dict) else None
    return {
        "host": host,
        "runtime": service.name,
        "kind": service.kind,
        "port": service.port,
        "models": list(service.models),
        "cards": [name.partition("=")[2] for name in service.devices],
        "active": state.active if state else None,
        "restarts": state.restarts if state else None,
        "health_status": state.status if state else None,
        "last_tokens_per_s": state.speed if state else None,
    }


def _show(declared: Declarations, wanted: dict[str, list[Service]], answers: Answers) -> None:
    from rich.table import Table  # noqa: PLC0415

    from cli import console  # noqa: PLC0415

    heads = ("host", "runtime", "kind", "port", "cards", "models", "runs", "serves", "last tokens/s")
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for host, services in wanted.items():
        answer = answers[host]
        if not isinstance(answer, dict):
            console.out().print(f"{host}: {answer.why}")
            continue
        for each in services:
            table.add_row(host, *_row(each, answer.get(each.name)))
    if table.row_count:
        console.out().print(table)
    elif not any(wanted.values()):
        console.out().print("No runtimes are declared: runtimes.services.")


def _row(service: Service, state: ServingState | None) -> tuple[str, ...]:
    cards = ", ".join(name.partition("=")[2][:12] for name in service.devices) or "none"
    known = (service.name, service.kind, str(service.port), cards, ", ".join(service.models) or "-")
    if state is None:
        return (*known, "?", "?", "-")
    runs = state.active if not state.restarts else f"{state.active}, {state.restarts} restarts"
    serves = "yes" if state.status == 200 else f"no ({state.status or 'no answer'})"
    return (*known, runs, serves, f"{state.speed:.1f}" if state.speed is not None else "-")

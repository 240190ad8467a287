"""`rig ask`: one question through the gateway, the owner's first proof."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import hosts_and_overrides, load
from cli.door import door_to, model_of, route_of

if TYPE_CHECKING:
    from rigwright.chat import Door, Told
    from rigwright.spec.load import Declarations
    from rigwright.spec.rig import Rig


@click.command("ask")
@click.argument("question")
@hosts_and_overrides
@click.option("--route", metavar="NAME", help="Of gateway.routes; default: the first that speaks OpenAI's API.")
@click.option("--model", metavar="NAME", help="Default: the first that is served there.")
@click.option("--client", metavar="NAME", help="Whose key is used, of gateway.clients; default: the first that may.")
@click.option("--address", metavar="HOST", help="Where to connect; default: the host's address.")
@click.option("--max-tokens", type=click.IntRange(1), default=256, show_default=True, help="The longest answer.")
@click.option("--wait", type=click.IntRange(1), default=300, show_default=True, metavar="S", help="Patience, in s.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(
    question: str,
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    route: str | None,
    model: str | None,
    client: str | None,
    address: str | None,
    max_tokens: int,
    wait: int,
    as_json: bool,
) -> int:
    """Put QUESTION to a model of a host (HOSTS: the one; default: the first with a gateway) and print what it says.

    Everything is as for any other client: the gateway's name and port, its certificate (of the host's own authority,
    which is fetched over SSH), an API key from where the declaration says. Afterwards, on stderr: how long the first
    token took, and how many a second came.

    Exit status 0: it answered; 1: it did not; 3: nobody answers at the gateway.
    """
    from rigwright.chat import NoAnswer, NotReached, Told, stream  # noqa: PLC0415  # loads an HTTP client

    declared = load(hosts, profiles, overrides)
    rig = _with_gateway(declared)
    name = route_of(rig, route)
    door = door_to(declared, rig, name, client, address)
    told, answer = Told(), []
    try:
        for piece in stream(door, model or model_of(rig, name), question, max_tokens, wait, told):
            answer.append(piece)
            if not as_json:
                sys.stdout.write(_printable(piece))
                sys.stdout.flush()
    except NoAnswer as error:
        if not as_json:
            click.echo(f"{rig.name}: {error}", err=True)
        else:
            click.echo(json.dumps({"host": rig.name, "route": name, "error": str(error)}, indent=2))
        return exit_codes.UNREACHED if isinstance(error, NotReached) else exit_codes.FAILED
    _report(rig, name, door, told, "".join(answer), as_json)
    return exit_codes.HOLDS if answer else exit_codes.FAILED


def _printable(text: str) -> str:
    """What a model says is no command to a terminal."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "·" for letter in text)


def _with_gateway(declared: Declarations) -> Rig:
    for rig in declared.rigs.values():
        if rig.gateway.routes:
            return rig
    raise click.UsageError(f"{', '.join(declared.rigs)}: no gateway is declared (gateway.routes)")


def _report(rig: Rig, route: str, door: Door, told: Told, answer: str, as_json: bool) -> None:
    if as_json:
        figures = {"first_token_s": told.first_s, "tokens": told.tokens, "tokens_per_s": told.tokens_per_s}
        document = {"host": rig.name, "route": route, "url": door.url, "model": told.model, "answer": answer, **figures}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    click.echo()
    if told.first_s is None:
        click.echo(f"{told.model or 'the model'} at {door.url} said nothing", err=True)
        return
    speed = f", then {told.tokens_per_s:.1f} tokens/s" if told.tokens_per_s else ""
    click.echo(
        f"{told.tokens} tokens from {told.model} at {door.url}: {told.first_s:.2f} s to the first{speed}", err=True
    )

"""`rig ask`: one question through the gateway, the owner's first proof."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import hosts_and_overrides, load

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
    name = _route(rig, route)
    door = _door(declared, rig, name, client, address)
    told, answer = Told(), []
    try:
        for piece in stream(door, model or _model(rig, name), question, max_tokens, wait, told):
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


def _route(rig: Rig, wanted: str | None) -> str:
    from rigwright.catalog import catalog  # noqa: PLC0415

    if wanted is not None:
        if wanted not in rig.gateway.routes:
            raise click.UsageError(f"--route {wanted}: there are {', '.join(rig.gateway.routes)}")
        return wanted
    services = rig.runtimes.services
    speaking = [name for name in rig.gateway.routes if catalog().runtimes[services[name].kind].api == "openai"]
    if not speaking:
        raise click.UsageError(f"{rig.name}: no route speaks OpenAI's API; name one with --route")
    return speaking[0]


def _model(rig: Rig, route: str) -> str:
    from rigwright.choice.runtimes.common import served_as  # noqa: PLC0415

    runtime = rig.runtimes.services[route]
    own = [served_as(rig, runtime, model) for model in runtime.models]
    behind = [model for name in runtime.upstreams for model in rig.runtimes.services[name].models]
    found = next(iter([*own, *behind]), None)
    if found is None:
        raise click.UsageError(f"runtimes.services.{route} names no models: name one with --model")
    return found


def _door(declared: Declarations, rig: Rig, route: str, client: str | None, address: str | None) -> Door:
    from rigwright.chat import Door  # noqa: PLC0415
    from rigwright.choice.gateway import names  # noqa: PLC0415

    connection = declared.connections[rig.name]
    return Door(
        address=address or connection.ssh_hostname or (rig.gateway.names or [rig.name])[0],
        port=rig.gateway.port,
        name=names(rig)[0],
        prefix=f"/{route}",
        key=_key(rig, route, client),
        authority=_authority(declared, rig) if rig.gateway.tls.source == "internal" else None,
    )


def _key(rig: Rig, route: str, wanted: str | None) -> str:
    from rigwright.secrets import SecretUnreadable, read_secret  # noqa: PLC0415

    clients = {name: each for name, each in rig.gateway.clients.items() if not each.routes or route in each.routes}
    name = wanted or next(iter(clients), None)
    if name not in clients:
        raise click.UsageError(f"no client {name!r} may ask {route}; there are: {', '.join(clients) or 'none'}")
    try:
        return read_secret(clients[name].api_key)
    except SecretUnreadable as error:
        raise click.ClickException(f"{rig.name}: gateway.clients.{name}.api_key: {error}") from error


def _authority(declared: Declarations, rig: Rig) -> str:
    """The certificate of the host's own authority, over SSH: there its host key says who it is."""
    from rigwright.choice.gateway import AUTHORITY  # noqa: PLC0415
    from rigwright.engine.run import Run, Unanswered  # noqa: PLC0415  # isort: skip
    from rigwright.facts.files import Contents  # noqa: PLC0415

    run = Run(declared.root, {rig.name: declared.connections[rig.name]})
    try:
        found = run.ask(lambda host: host.get_fact(Contents, paths=[AUTHORITY])[AUTHORITY])[rig.name]
    finally:
        run.close()
    if isinstance(found, Unanswered):
        raise click.ClickException(f"{rig.name}: {found.why}")
    if found is None:
        raise click.ClickException(f"{rig.name}: the gateway has no authority yet ({AUTHORITY}): rig apply")
    return found


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

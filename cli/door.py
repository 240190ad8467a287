"""The way to a model: the gateway's route and name, a client's key, and who vouches for the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rigwright.chat import Door
    from rigwright.spec.load import Declarations
    from rigwright.spec.rig import Rig


def route_of(rig: Rig, wanted: str | None) -> str:
    """The route that is asked: this one, or the first that speaks OpenAI's API. Raises UsageError."""
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


def model_of(rig: Rig, route: str) -> str:
    """The first model that is served there. Raises UsageError."""
    from rigwright.choice.runtimes.common import served_as  # noqa: PLC0415

    runtime = rig.runtimes.services[route]
    own = [served_as(rig, runtime, model) for model in runtime.models]
    behind = [model for name in runtime.upstreams for model in rig.runtimes.services[name].models]
    found = next(iter([*own, *behind]), None)
    if found is None:
        raise click.UsageError(f"runtimes.services.{route} names no models: name one with --model")
    return found


def door_to(declared: Declarations, rig: Rig, route: str, client: str | None, address: str | None) -> Door:
    """The way to a route, with the key of this client or of the first that may. Raises UsageError, ClickException."""
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

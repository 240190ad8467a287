"""`rig models lock`: pin what is declared."""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli import exit_codes
from cli.declared import load
from cli.models.listing import GB, NOT_LOCKED
from rigwright.spec.load import Declarations
from rigwright.spec.locks import LockedModel, write_models
from rigwright.spec.models import WantedModel
from rigwright.spec.ollama import OllamaName
from rigwright.spec.rig import Rig


@click.command("lock")
@click.argument("names", nargs=-1, metavar="[MODEL]...")
@click.option("--upgrade", is_flag=True, help="Ask anew for models that are locked already, too.")
def lock(names: tuple[str, ...], upgrade: bool) -> int:
    """Ask for MODELs (default: all) that are not locked yet, and write models.lock: commits, manifests,
    sizes, hashes.

    The file belongs beside the inventory, in version control: what is pulled is what stands there, until a
    `rig models lock --upgrade` says otherwise. Entries that no host declares any more are dropped.

    Exit status 0; 1: a model could not be asked for, and models.lock is as it was.
    """
    declared = load((), (), (), overlooked=NOT_LOCKED)
    known = {name for rig in declared.rigs.values() for name in rig.models.wanted}
    for name in names:
        if name not in known:
            raise click.UsageError(f"no model {name!r} is declared; there are: {', '.join(sorted(known)) or 'none'}")
    models = dict(_kept(declared))
    for rig, name in _asked_for(declared, names, upgrade, models):
        models[rig.models.wanted[name].source] = _locked(rig, name)
    write_models(declared.root, models)
    click.echo(f"models.lock: {len(models)} model{'' if len(models) == 1 else 's'}")
    return exit_codes.HOLDS


def _kept(declared: Declarations) -> Iterator[tuple[str, LockedModel]]:
    for rig in declared.rigs.values():
        for model in rig.models.wanted.values():
            if model.source in rig.locks.models:
                yield model.source, rig.locks.models[model.source]


def _asked_for(
    declared: Declarations, names: tuple[str, ...], upgrade: bool, locked: dict[str, LockedModel]
) -> Iterator[tuple[Rig, str]]:
    """Each source once."""
    seen: set[str] = set()
    for rig in declared.rigs.values():
        for name, model in rig.models.wanted.items():
            wanted = not names or name in names
            if wanted and model.path is None and model.source not in seen and (upgrade or model.source not in locked):
                seen.add(model.source)
                yield rig, name


def _locked(rig: Rig, name: str) -> LockedModel:
    from rigwright.locking.asking import CannotLock  # noqa: PLC0415  # an HTTP client takes a moment
    from rigwright.secrets import SecretUnreadable  # noqa: PLC0415

    try:
        found = _asked(rig, rig.models.wanted[name])
    except (CannotLock, SecretUnreadable) as error:
        raise click.ClickException(f"{rig.name}: models.wanted.{name}: {error}") from error
    size = sum(file.size for file in found.files) / GB
    click.echo(f"{name}: {len(found.files)} file{'' if len(found.files) == 1 else 's'}, {size:.2f} GB")
    if found.not_reckoned is not None:
        click.echo(f"{name}: what it takes in memory is not known: {found.not_reckoned}", err=True)
    return found


def _asked(rig: Rig, model: WantedModel) -> LockedModel:
    from rigwright.locking import models, ollama  # noqa: PLC0415  # huggingface_hub takes half a second
    from rigwright.secrets import read_secret  # noqa: PLC0415

    if model.ollama is not None:
        return ollama.lock(OllamaName.of(model.ollama), rig.models.ollama_registry)
    token = model.token or rig.models.token
    return models.lock(model, rig.models.endpoint, read_secret(token) if token is not None and model.hub else None)

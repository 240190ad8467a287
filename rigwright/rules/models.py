"""Models are pinned, come from somewhere, and lie where there is a disk for them."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.models import needs_lock
from rigwright.rules import places
from rigwright.rules.finding import Finding
from rigwright.spec.models import WantedModel
from rigwright.spec.rig import Rig

_SOURCE = ("hub", "revision", "files", "ollama", "url", "path", "sha256")


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Keys that do not go together, models without an entry in the lock, a root beside the disks."""
    models = rig.models
    if models.wanted:
        yield from places.find(rig, "models.root", models.root, "models")
    for name, model in models.wanted.items():
        key = f"models.wanted.{name}"
        rests_on = (*(f"{key}.{each}" for each in _SOURCE), f"{key}.files.*")
        unsound = list(_together(key, model, rests_on))
        yield from unsound
        if not unsound and needs_lock(model) and model.source not in rig.locks.models:
            yield Finding(
                "models.not-locked",
                key,
                None,
                "an entry in models.lock: sizes and hashes of its files, and the commit that they are of"
                if model.hub is not None
                else "an entry in models.lock: sizes and hashes of its files",
                f"Run `rig models lock {name}`, and keep the file with the inventory.",
                rests_on=rests_on,
            )


def _together(key: str, model: WantedModel, rests_on: tuple[str, ...]) -> Iterator[Finding]:
    locked_alone = model.hub is not None or model.ollama is not None
    if not locked_alone and model.sha256 is None:
        yield Finding(
            "models.unpinned",
            f"{key}.sha256",
            None,
            "the file's hash: an address or a path says nothing of what is there",
            "Add what sha256sum prints of it.",
            rests_on=rests_on,
        )
    if locked_alone and model.sha256 is not None:
        yield Finding(
            "models.hash-of-hub",
            f"{key}.sha256",
            model.sha256,
            "no hash with hub or ollama: models.lock holds those of all its files",
            "Remove it.",
            rests_on=rests_on,
        )
    if model.hub is None and model.files:
        yield Finding(
            "models.files-unused",
            f"{key}.files",
            list(model.files),
            "no files but with hub: the others name all that there is",
            "Remove it.",
            rests_on=rests_on,
        )
    if model.hub is None and model.revision != WantedModel.model_fields["revision"].default:
        yield Finding(
            "models.revision-unused",
            f"{key}.revision",
            model.revision,
            "no revision but with hub" + (": a tag stands in the name itself" if model.ollama is not None else ""),
            "Remove it." if model.ollama is None else f"Write it there: '{_tagged(model)}'.",
            rests_on=rests_on,
        )
    for index, name in enumerate(model.files):
        if name.startswith("/") or ".." in name.split("/"):
            yield Finding(
                "models.file-outside",
                f"{key}.files.{index}",
                name,
                "a name inside the repository",
                "Write it as the Hub shows it, without '/' at its beginning and without '..'.",
                rests_on=rests_on,
            )


def _tagged(model: WantedModel) -> str:
    return f"{(model.ollama or '').partition(':')[0]}:{model.revision}"

"""The declared models as a table."""

from __future__ import annotations

from cli import exit_codes
from cli.declared import load
from rigwright.spec.locks import LockedModel
from rigwright.spec.models import WantedModel
from rigwright.spec.rig import Rig

GB = 10**9
NOT_LOCKED = ("models.not-locked",)


def listing() -> int:
    """All hosts' models; what is not locked yet is said so."""
    declared = load((), (), (), overlooked=NOT_LOCKED)
    from rich.table import Table  # noqa: PLC0415

    from cli import console  # noqa: PLC0415

    table = Table("host", "model", "source", "locked as", "GB", box=None, header_style="bold", pad_edge=False)
    for rig in declared.rigs.values():
        for name in rig.models.wanted:
            table.add_row(rig.name, name, *_row(rig, name))
    if not table.row_count:
        console.out().print("No models are declared: models.wanted.")
        return exit_codes.HOLDS
    console.out().print(table)
    return exit_codes.HOLDS


def _row(rig: Rig, name: str) -> tuple[str, str, str]:
    model = rig.models.wanted[name]
    source = model.hub or model.ollama or model.url or model.path or ""
    if model.path is not None:
        return source, "its hash", "-"
    found = rig.locks.models.get(model.source)
    if found is None:
        return source, f"not yet: rig models lock {name}", "-"
    size = sum(file.size for file in found.files) / GB
    return source, _locked_as(model, found), f"{size:.2f}"


def _locked_as(model: WantedModel, found: LockedModel) -> str:
    """Twelve digits, as the Hub shows a commit and `ollama list` a manifest."""
    if model.ollama is not None:
        (digest,) = [file.digest for file in found.files if file.text is not None]
        return digest.partition(":")[2][:12]
    return (found.commit or "its hash")[:12]

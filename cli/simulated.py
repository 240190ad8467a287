"""The declared cards as the simulation has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rigwright.catalog import Catalog
    from rigwright.spec.hardware import Gpu as Declared
    from rigwright.spec.rig import Rig
    from sim.gpu.model import Gpu


def simulated_cards(rig: Rig) -> list[Gpu]:
    """One simulated card for each that is declared, in their order: fed as declared, with its UUID and address.

    Raises click.ClickException for a model that the simulation does not have.
    """
    from rigwright.catalog import catalog  # noqa: PLC0415  # only when something is simulated
    from sim.gpu.models import card, models  # noqa: PLC0415

    known = catalog()
    by_nvml = {card(model).name: model for model in models()}
    simulated = {name: by_nvml[gpu.nvml] for name, gpu in known.gpus.items() if gpu.nvml in by_nvml}
    cards = []
    for index, gpu in enumerate(rig.hardware.gpus):
        if gpu.model not in simulated:
            raise click.ClickException(
                f"{rig.name}: hardware.gpus.{index}.model = {gpu.model!r} cannot be simulated: "
                f"the simulation has {', '.join(sorted(simulated))}."
            )
        cards.append(card(simulated[gpu.model], index, **_figures(gpu, known)))
    return cards


def _figures(gpu: Declared, known: Catalog) -> dict[str, Any]:
    """What is declared of a card, and the limits of one that is fed so."""
    model, cables = known.gpus[gpu.model], list(gpu.cables)
    least, most = model.range_w(cables)
    limit = model.limit_w(cables)
    figures: dict[str, Any] = {
        "pcie_width_current": gpu.pcie_width,
        "uuid": gpu.uuid,
        "address": gpu.pci,
        "power_default_w": limit,
        "power_min_w": least,
        "power_max_w": None if most is None else max(most, limit),
    }
    return {key: value for key, value in figures.items() if value is not None}

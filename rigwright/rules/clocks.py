"""Ranges that clocks can be locked to."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Ranges whose ends are the wrong way round, or that are no clocks."""
    del catalog
    for key, owner in (
        ("clocks", rig.clocks),
        *((f"clocks.cards.{name}", own) for name, own in rig.clocks.cards.items()),
    ):
        for name in ("graphics_mhz", "memory_mhz"):
            span = getattr(owner, name)
            if span is not None and not 0 <= span[0] <= span[1] <= 30000:
                yield Finding(
                    "clocks.range",
                    f"{key}.{name}",
                    span,
                    "[least, most] in MHz, the first not above the second, [210, 1695]",
                    "Correct it; `nvidia-smi -q -d SUPPORTED_CLOCKS` lists what the card takes.",
                )

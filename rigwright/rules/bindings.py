"""Cards that runtimes see are there, are known by UUID, and are one runtime's alone where it says so."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.runtimes.service import uuid_of
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

_ALL = "runtimes.services"


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of the cards that runtimes see."""
    for name, runtime in rig.runtimes.services.items():
        yield from _cards(rig, f"{_ALL}.{name}", runtime)
    yield from _exclusive(rig, catalog)


def _cards(rig: Rig, key: str, runtime: Runtime) -> Iterator[Finding]:
    for index, name in enumerate(runtime.gpus or ()):
        declared = [gpu for gpu in rig.hardware.gpus if name in (gpu.slot, gpu.uuid, gpu.pci)]
        where, rests_on = f"{key}.gpus.{index}", ("hardware.gpus.*.slot", "hardware.gpus.*.uuid", "hardware.gpus.*.pci")
        if not declared and not name.startswith("GPU-"):
            slots = [gpu.slot for gpu in rig.hardware.gpus]
            yield Finding(
                "runtimes.no-such-card",
                where,
                name,
                f"a slot of hardware.gpus ({', '.join(slots) or 'none'}) or a UUID",
                "Correct the name.",
                nearest(name, slots),
                rests_on=rests_on,
            )
        elif uuid_of(rig, name) is None:
            yield Finding(
                "runtimes.which-card",
                where,
                name,
                "a card whose uuid is in hardware.gpus: containers know cards by nothing else that lasts",
                "Add it there: `nvidia-smi -L` shows it.",
                rests_on=rests_on,
            )


def _exclusive(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    for name, runtime in rig.runtimes.services.items():
        if not runtime.exclusive:
            continue
        for other, another in rig.runtimes.services.items():
            both = _seen(rig, catalog, runtime) & _seen(rig, catalog, another)
            if other != name and both:
                yield Finding(
                    "runtimes.card-shared",
                    f"{_ALL}.{other}.gpus",
                    another.gpus,
                    f"no card that is {name}'s alone (exclusive): {', '.join(sorted(both))}",
                    f"Give {other} other cards, or let {name} share.",
                    rests_on=(f"{_ALL}.*.gpus", f"{_ALL}.*.gpus.*", f"{_ALL}.*.kind", f"{_ALL}.*", "hardware.gpus.*"),
                )


def _seen(rig: Rig, catalog: Catalog, runtime: Runtime) -> set[str]:
    """Cards that it sees, by slot, or by UUID where they are not declared."""
    if runtime.gpus is None:
        return {gpu.slot for gpu in rig.hardware.gpus} if catalog.runtimes[runtime.kind].computes else set()
    return {
        next((gpu.slot for gpu in rig.hardware.gpus if name in (gpu.slot, gpu.uuid, gpu.pci)), name)
        for name in runtime.gpus
    }

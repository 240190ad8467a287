"""Hosts with and without containers, as the layer's facts see them; and the layer on them."""

from __future__ import annotations

from typing import Any

from rigwright.facts.cdi import Cdi, CdiState
from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import Contents, Files
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.sources import Sources, SourcesState
from rigwright.facts.units import Units
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig
from tasks.containers import containers
from tests.unit.operations.harness import Step, steps
from tests.unit.operations.releases import RELEASE

SPEC = "/var/run/cdi/nvidia.yaml"
CARD = ("0", "GPU-11111111-2222-3333-4444-555555555555")


def seen(**more: Any) -> dict[Any, Any]:
    """A driver that answers, one card, and a specification that is newer than the driver."""
    values: dict[str, Any] = {
        "ctk": True, "smi": True, "written": 200.0, "devices": frozenset({"0", "all"}), "missing": (),
        "driver": {"/usr/lib/libcuda.so.580.105.08": 100.0}, "gpus": (CARD,), "version": "580.105.08",
    }  # fmt: skip
    return {Cdi: CdiState(**{**values, **more})}


def bare(codename: str, more: dict[Any, Any] | None = None) -> dict[Any, Any]:
    """A host without any of it."""
    return {
        Release: RELEASE[codename],
        Packages: PackagesState(installed={"libc6": "2", "gpg": "2", "ca-certificates": "1"}, lists_current=True),
        Engine: EngineState(),
        Files: {},
        Contents: {},
        Keyrings: {},
        Sources: SourcesState(),
        Units: {},
        **seen(ctk=False, smi=False, written=None, gpus=(), version=None, driver={}),
        **(more or {}),
    }


def layer(codename: str, facts: dict[Any, Any] | None = None, **declared: Any) -> dict[str, Step]:
    """What the layer would do for this declaration; ``facts``: of another host than a bare one."""
    return steps(containers, Rig(name="rig", containers=Containers(**declared)), facts or bare(codename))

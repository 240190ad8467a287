"""The catalogue: hardware, drivers, distributions; every figure has its source beside it in the TOML files."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rigwright.catalog.containers import ContainersTable
from rigwright.catalog.cuda import CudaTable
from rigwright.catalog.driver import DriverTable
from rigwright.catalog.entry import table
from rigwright.catalog.gpus import GpuModel
from rigwright.catalog.machine import MachineTable
from rigwright.catalog.releases import Release
from rigwright.catalog.runtimes import RuntimeKind

__all__ = ["Catalog", "catalog"]


class Catalog(NamedTuple):
    """Everything that is known about the world outside a declaration."""

    releases: dict[str, Release]
    driver: DriverTable
    cuda: CudaTable
    containers: ContainersTable
    gpus: dict[str, GpuModel]
    machine: MachineTable
    runtimes: dict[str, RuntimeKind]

    def release(self, codename: str) -> Release:
        """The release of this codename; KeyError, naming those known, where there is none."""
        if codename not in self.releases:
            raise KeyError(f"release {codename!r} is not in the catalogue, which has {', '.join(self.releases)}")
        return self.releases[codename]


@cache
def catalog() -> Catalog:
    """The catalogue, read once."""
    return Catalog(
        releases={name: Release(codename=name, **entry) for name, entry in table("releases").items()},
        driver=DriverTable(**table("driver")),
        cuda=CudaTable(**table("cuda")),
        containers=ContainersTable(**table("containers")),
        gpus={name: GpuModel(**entry) for name, entry in table("gpus").items()},
        machine=MachineTable(**table("machine")),
        runtimes={name: RuntimeKind(**entry) for name, entry in table("runtimes").items()},
    )

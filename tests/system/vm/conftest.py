"""What the tests on whole machines share: hosts that were applied natively in a container, and then booted for real."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.trial import Trial, merged, write_project
from rigwright.spec.locks import write_images
from sim.cache import sources_text
from sim.gpu.model import LOADED
from sim.gpu.models import rtx3090s
from sim.host.root import Root
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import derive, prefetched
from sim.repository.vendors import VendorRepositories
from sim.vm.image import Image, image
from sim.vm.machine import Disk, Machine
from tests.system.declared import OTHER_IMAGE, SERVING, declared
from tests.system.locked_models import write_lock
from tests.system.outcome import changes as told
from tests.system.site import REPOSITORY, Site, reached

PRODUCT = ("rigwright", "tasks", "templates", "rigd", "fetch", "save", "profiles", "group_data")
"""Folders whose files decide what a host becomes by being applied to."""


DATA = "WD-DATA-1"
"""Serial number of the machine's data disk."""
NAME = "basement"
WORD = "iommu=pt"
"""Declared for the kernel's command line."""
GATEWAY, UNDECLARED = 9443, 9999
"""Ports of the machine: one that is declared to be let in, one that is not."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is here is about whole machines."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.vm)


def applied(vendors: VendorRepositories, declaration: Mapping[str, Any], release: str = "trixie") -> Root:
    """The root that `rig apply` natively makes of a bare one: what only a machine takes is still missing on it."""

    def prepare(host: ThrowawayHost) -> None:
        vendors.registries_for(host)
        with tempfile.TemporaryDirectory() as folder:
            in_project(Path(folder), vendors, host, declaration).apply()

    # The proof of an apply that is up to date is what the machine is for; here it is enough that nothing else is taken.
    sources = [sources_text(REPOSITORY / folder, "*.py", "*.toml", "*.j2", "*.sh") for folder in PRODUCT]
    inputs = [sources, declaration, vendors.address, vendors.images()]
    return derive(prefetched(release), "applied", prepare, inputs=inputs, gpus=rtx3090s(2))


def installed(root: Root) -> Image:
    """A disk with this root, in a machine with two simulated cards that need a loaded driver."""
    return image(root, gpus=rtx3090s(2), driver_version=LOADED)


def in_project(
    folder: Path, vendors: VendorRepositories, host: ThrowawayHost | Machine, declaration: Mapping[str, Any]
) -> Site:
    """A project of this one host, which is basement there whatever it is called here."""
    server = Site(write_project(folder, REPOSITORY, {NAME: Trial(None, merged(declaration, reached(host)))}))
    write_lock(server.project)
    write_images(server.project, {**vendors.images(), OTHER_IMAGE: f"sha256:{'0' * 64}"})
    return server


@pytest.fixture(scope="session")
def bare() -> Image:
    """Debian as its installer leaves it, with two cards that nothing drives."""
    return installed(prefetched("trixie"))


@pytest.fixture
def machine(bare: Image) -> Iterator[Machine]:
    """A machine with a bare Debian, awake."""
    with Machine(bare, memory_mib=3072) as made:
        yield made


@dataclass(frozen=True)
class Server:
    """A machine, its project, and what is declared of it."""

    machine: Machine
    site: Site

    def is_as_declared(self, *more: str) -> None:
        """Nothing is left to do, and the proof holds."""
        for command in ("plan", "verify"):
            found = self.site.document(command, *more)
            assert found["exit_status"] == 0, told(found)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[Server]:
    """A machine that was applied to natively, in a container, and then booted. What a container lacks is not done yet.

    Whoever breaks it has it repaired.
    """
    changes = {"cuda": {"toolkits": [], "default": None}, "tuning": {"kernel_cmdline": [WORD]}}
    declaration = declared(vendors, "trixie", SERVING, changes)
    on_disk = installed(applied(vendors, declaration))
    data = Disk(DATA, 1)
    with Machine(
        on_disk, memory_mib=3072, disks=[data], ports=[GATEWAY, UNDECLARED], durable=True, resumed=False
    ) as machine:
        yield Server(machine, in_project(tmp_path_factory.mktemp("machine"), vendors, machine, declaration))

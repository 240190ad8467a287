"""What the tests on throw-away hosts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigwright.spec.locks import write_images
from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import LLAMA, OTHER_IMAGE, SERVING, declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.simulated_cards import nvml, opened
from tests.system.simulated_rigd import started
from tests.system.site import Site, site

__all__ = ["nvml", "opened", "started"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--drifts N: of the things that are broken by hand, only N, spread over all layers; all take half an hour."""
    parser.addoption("--drifts", type=int, metavar="N", help="break only so many things by hand (default: all)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what --drifts leaves out, and count it as deselected."""
    wanted = config.getoption("drifts")
    broken = [item for item in items if getattr(item, "originalname", "") == "test_drift_is_named_and_repaired"]
    if wanted is None or wanted >= len(broken):
        return
    kept = {broken[number * len(broken) // wanted] for number in range(wanted)}
    left_out = [item for item in broken if item not in kept]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def vendors() -> Iterator[VendorRepositories]:
    """The stand-in repositories of NVIDIA and Docker, the Hub, and registries with an image, in good order."""
    with VendorRepositories(images=[LLAMA]) as repositories:
        yield repositories


@pytest.fixture(scope="session")
def declared_host(
    tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories
) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host in the declared state, and its project. Whoever breaks it has it repaired."""
    with gpu_host() as host:
        vendors.registries_for(host)
        server = site(tmp_path_factory.mktemp("declared"), {host: declared(vendors, "trixie", SERVING)})
        write_images(server.project, {**vendors.images(), OTHER_IMAGE: f"sha256:{'0' * 64}"})
        server.apply()
        proof = server.document("verify")
        assert proof["exit_status"] == 0, changes(proof)
        yield host, server

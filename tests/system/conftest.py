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
    """--drifts N, --keys N: of the longest lists only N cases each, spread over all layers; --cuts N: so many."""
    parser.addoption("--drifts", type=int, metavar="N", help="break only so many things by hand (default: all)")
    parser.addoption("--keys", type=int, metavar="N", help="change only so many keys under the proof (default: all)")
    parser.addoption("--cuts", type=int, metavar="N", default=30, help="cut a machine's power so often (default: 30)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what --drifts and --keys leave out, and count it as deselected."""
    left_out = [
        *_left_out(items, "test_drift_is_named_and_repaired", config.getoption("drifts")),
        *_left_out(items, "test_a_changed_key_falls_short", config.getoption("keys")),
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _left_out(items: list[pytest.Item], test: str, wanted: int | None) -> list[pytest.Item]:
    cases = [item for item in items if getattr(item, "originalname", "") == test]
    if wanted is None or wanted >= len(cases):
        return []
    kept = {cases[number * len(cases) // wanted] for number in range(wanted)}
    return [item for item in cases if item not in kept]


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

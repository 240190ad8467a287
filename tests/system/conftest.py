"""What the tests on throw-away hosts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, site


@pytest.fixture(scope="session")
def vendors() -> Iterator[VendorRepositories]:
    """The stand-in repositories of NVIDIA and Docker, in good order."""
    with VendorRepositories() as repositories:
        yield repositories


@pytest.fixture(scope="session")
def declared_host(
    tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories
) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host in the declared state, and its project. Whoever breaks it has it repaired."""
    with gpu_host() as host:
        server = site(tmp_path_factory.mktemp("declared"), {host: declared(vendors, "trixie")})
        server.apply()
        proof = server.document("verify")
        assert proof["exit_status"] == 0, changes(proof)
        yield host, server

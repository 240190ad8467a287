"""What the tests on throw-away hosts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.repository import VendorRepositories


@pytest.fixture(scope="session")
def vendors() -> Iterator[VendorRepositories]:
    """The stand-in repositories of NVIDIA and Docker, in good order."""
    with VendorRepositories() as repositories:
        yield repositories

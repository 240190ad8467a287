"""Kernel flavours and headers, on every release."""

from __future__ import annotations

import pytest

from rigwright.catalog import catalog
from rigwright.choice.kernels import flavours_followed, unbuildable
from rigwright.facts.driver import Offer
from tests.unit.operations.releases import RELEASE


@pytest.mark.parametrize(
    ("codename", "installed", "flavours"),
    [
        ("trixie", ["linux-image-amd64"], ["amd64"]),
        ("trixie", ["linux-image-cloud-amd64", "linux-image-amd64"], ["amd64", "cloud-amd64"]),
        ("trixie", [], ["amd64"]),
        ("bookworm", [], ["amd64"]),
        ("jammy", ["linux-generic-hwe-22.04", "linux-image-generic-hwe-22.04"], ["generic-hwe-22.04"]),
        ("noble", ["linux-image-generic"], ["generic"]),
        ("noble", ["linux-generic-hwe-24.04"], ["generic-hwe-24.04"]),
        ("resolute", [], ["generic"]),
    ],
)
def test_flavours(codename: str, installed: list[str], flavours: list[str]) -> None:
    release = catalog().release(codename)
    assert flavours_followed(release, installed, RELEASE[codename].kernels) == flavours
    assert all(flavour in release.headers for flavour in flavours)


def test_a_cloud_kernel_is_not_taken_for_a_plain_one() -> None:
    assert flavours_followed(catalog().release("trixie"), [], ["6.12.117+deb13-cloud-amd64"]) == ["cloud-amd64"]


def test_kernels_whose_headers_are_nowhere() -> None:
    release = catalog().release("trixie")
    kernels = ["6.12.43+deb13-amd64", "6.12.85+deb13-amd64", "6.12.117+deb13-amd64"]
    offers = {
        "linux-headers-6.12.43+deb13-amd64": Offer(None, None),
        "linux-headers-6.12.117+deb13-amd64": Offer(None, "6.12.117-1"),
    }
    assert unbuildable(release, kernels, [], offers) == kernels[:2]
    assert unbuildable(release, kernels, kernels[:1], offers) == kernels[1:2]

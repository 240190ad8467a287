"""Which kernels a host has and follows, and the packages of their headers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rigwright.catalog.releases import Release
from rigwright.facts.driver import Offer
from rigwright.facts.kernels import version_key


def flavours_followed(release: Release, installed: Collection[str], kernels: Iterable[str]) -> list[str]:
    """Kernel flavours whose metapackage is installed ("amd64", "generic-hwe-24.04"): there the next kernels come from.

    Where none is (kernels installed by hand), those of the installed kernels themselves.
    """
    followed = [
        flavour
        for flavour in release.headers
        if f"linux-image-{flavour}" in installed or (release.id == "ubuntu" and f"linux-{flavour}" in installed)
    ]
    if followed:
        return sorted(followed)
    suffixes = sorted(release.headers, key=len, reverse=True)
    own = {next((flavour for flavour in suffixes if kernel.endswith(f"-{flavour}")), None) for kernel in kernels}
    return sorted(flavour for flavour in own if flavour)


def unbuildable(
    release: Release, kernels: Iterable[str], with_headers: Collection[str], offers: Mapping[str, Offer]
) -> list[str]:
    """Kernels without headers whose headers no source has any more: no module can ever be built for them.

    ``with_headers``: kernels whose headers are on the host.
    """
    return [
        kernel
        for kernel in sorted(kernels, key=version_key)
        if kernel not in with_headers and not _offered(offers.get(release.headers_of(kernel)))
    ]


def _offered(offer: Offer | None) -> bool:
    return offer is not None and offer.candidate is not None

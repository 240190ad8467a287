"""Which CUDA toolkits a host gets, and from where."""

from __future__ import annotations

from rigwright.catalog import Catalog
from rigwright.catalog.releases import Release
from rigwright.choice.flavour import Impossible
from rigwright.spec.rig import Rig


def toolkits_from_nvidia(rig: Rig) -> bool:
    """Whether toolkits are declared that come from NVIDIA's repository: unless the driver is the distribution's."""
    return rig.cuda.state == "present" and bool(rig.cuda.toolkits) and rig.driver.source != "distribution"


def toolkit_packages(rig: Rig, release: Release, catalog: Catalog) -> dict[str, str]:
    """Toolkit version → package. Raises `Impossible` where the distribution has another than the one declared."""
    if rig.cuda.state == "absent":
        return {}
    if rig.driver.source != "distribution":
        return {toolkit: catalog.cuda.package(toolkit) for toolkit in rig.cuda.toolkits}
    for toolkit in rig.cuda.toolkits:
        if toolkit != release.toolkit:
            has = f"has toolkit {release.toolkit} alone" if release.toolkit else "has none that is known here"
            raise Impossible(
                f"toolkit {toolkit}: {release.codename}'s archive {has}, and the driver is the distribution's; "
                "declare driver.source 'nvidia', or use containers, which bring their own"
            )
    return dict.fromkeys(rig.cuda.toolkits, catalog.cuda.packages.distribution)


def toolkit_prefix(toolkit: str, rig: Rig, catalog: Catalog) -> str:
    """The folder that the toolkit's package puts it in."""
    if rig.driver.source == "distribution":
        return catalog.cuda.packages.distribution_prefix
    return catalog.cuda.prefix(toolkit)

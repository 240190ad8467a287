"""Which CUDA toolkits a host gets, and from where."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from rigwright.catalog import Catalog
from rigwright.catalog.releases import Release
from rigwright.choice.flavour import Impossible
from rigwright.spec.rig import Rig

_TOOLKIT = re.compile(r"^cuda-toolkit-(\d+)-(\d+)$|^nvidia-cuda-toolkit$")
_PART = re.compile(r"^(?:cuda|lib(?:cu|nv|npp)|nsight|gds-tools|nvidia-gds)\S*-(\d+)-(\d+)(?:-config-common)?$")
_SHARED = re.compile(r"^cuda-toolkit(?:-\d+)?-config-common$")
DISTRIBUTIONS = "nvidia-cuda-toolkit"
"""The distribution's toolkit, and the source package that its parts are built from."""
_DISTRIBUTIONS_PART = re.compile(
    r"^nvidia-(?:cuda-(?:dev|gdb|toolkit\S*)|profiler|visual-profiler|opencl-dev)$"
    r"|^lib(?:cudart|cublas|cufft|cuinj|cupti|curand|cusolver|cusparse|npp|nvblas|nvjpeg|nvrtc|nvtoolsext|nvvm|accinj)"
)


def toolkits_among(installed: Iterable[str]) -> set[str]:
    """Packages that stand for a whole toolkit."""
    return {name for name in installed if _TOOLKIT.match(name)}


def parts_among(installed: Iterable[str], toolkits: Iterable[str]) -> set[str]:
    """Parts of these toolkits of NVIDIA's, and what all of its toolkits share."""
    versions = {match.groups() for name in toolkits if (match := _TOOLKIT.match(name)) and match[1]}
    return {
        name
        for name in installed
        if ((match := _PART.match(name)) and match.groups() in versions and not _TOOLKIT.match(name))
        or _SHARED.match(name)
    }


def may_be_left_over(installed: Iterable[str], toolkits: Collection[str]) -> bool:
    """Whether there are parts of other toolkits than these: worth asking apt who needs them."""
    return any(
        (name not in toolkits and _PART.match(name) and name not in parts_among([name], toolkits))
        or (_DISTRIBUTIONS_PART.match(name) and DISTRIBUTIONS not in toolkits)
        or (_SHARED.match(name) and not toolkits)
        for name in installed
    )


def left_over(unneeded: Mapping[str, str], toolkits: Collection[str]) -> list[str]:
    """What is left of toolkits that are not declared, as by a removal that was interrupted.

    ``unneeded``: package → source of what no package needs any more; ``toolkits``: the declared ones' packages.
    """
    kept = parts_among(unneeded, toolkits) if toolkits else set()
    return sorted(
        name
        for name, source in unneeded.items()
        if name not in kept
        and name not in toolkits
        and (_PART.match(name) or _SHARED.match(name) or (source == DISTRIBUTIONS and DISTRIBUTIONS not in toolkits))
    )


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

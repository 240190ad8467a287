"""The driver can run the declared CUDA toolkits.

Every toolkit has a least driver (NVIDIA's release notes). An older one of the same major version runs such programs in
part at best (minor-version compatibility), and GeForce cards have no forward compatibility beyond that: it is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.rules.driver import branch_of, newest_of_debian
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `cuda`."""
    cuda = rig.cuda
    if cuda.default is not None and cuda.default not in cuda.toolkits:
        yield Finding(
            "cuda.default",
            "cuda.default",
            cuda.default,
            f"one of cuda.toolkits: {', '.join(cuda.toolkits) or 'there are none'}",
            "Add it to the toolkits, or choose one of them.",
            nearest(cuda.default, cuda.toolkits),
            rests_on=("cuda.toolkits.*",),
        )
    for index, toolkit in enumerate(cuda.toolkits):
        key = f"cuda.toolkits.{index}"
        if Counter(cuda.toolkits[: index + 1])[toolkit] > 1:
            yield Finding("cuda.toolkit-twice", key, toolkit, "each toolkit once", "Remove one.")
            continue
        yield from _known(catalog, key, toolkit)
        if cuda.state == "present" and rig.driver.state == "present" and rig.driver.source != "none":
            yield from _runs(rig, catalog, key, toolkit)


def _known(catalog: Catalog, key: str, toolkit: str) -> Iterator[Finding]:
    table = catalog.cuda
    if toolkit in table.toolkits:
        return
    major = int(toolkit.split(".", maxsplit=1)[0])
    yield Finding(
        "cuda.unknown",
        key,
        toolkit,
        f"a toolkit whose least driver is known: {', '.join(table.toolkits)}",
        "Correct it, or add it with its least driver to rigwright/catalog/cuda.toml.",
        nearest(toolkit, [known for known in table.toolkits if known.startswith(f"{major}.")] or table.toolkits),
    )


def _runs(rig: Rig, catalog: Catalog, key: str, toolkit: str) -> Iterator[Finding]:
    least = catalog.cuda.toolkits.get(toolkit)
    if least is None:
        return
    version, branch = rig.driver.version, branch_of(rig)
    if version is not None:
        enough, have = _numbers(version) >= _numbers(least), f"driver.version is {version}"
    elif branch is not None:
        enough, have = branch >= _numbers(least)[0], f"driver.branch is {branch}"
    else:
        newest = newest_of_debian(catalog)
        enough, have = newest >= _numbers(least)[0], f"the distribution's driver is of branch {newest} at most"
    if not enough:
        fitting = [known for known, driver in catalog.cuda.toolkits.items() if _fits(driver, version, branch, catalog)]
        named = "driver.branch" if branch is not None else "driver.source to 'nvidia' and driver.branch"
        newer = f"driver.version to {least}" if version is not None else f"{named} to {_numbers(least)[0]}"
        yield Finding(
            "cuda.driver-too-old",
            key,
            toolkit,
            f"a driver of at least {least}, which CUDA {toolkit} needs: {have}",
            f"Set {newer} or later"
            + (f", or use CUDA {fitting[0]}, the newest that this driver runs." if fitting else "."),
            rests_on=("cuda.state", "driver.state", "driver.source", "driver.branch", "driver.version"),
        )


def _fits(least: str, version: str | None, branch: int | None, catalog: Catalog) -> bool:
    if version is not None:
        return _numbers(version) >= _numbers(least)
    return (branch if branch is not None else newest_of_debian(catalog)) >= _numbers(least)[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

"""Layer `cuda`: toolkits that came as packages, and which is the default one."""

from __future__ import annotations

import re

from rigwright.capture.driver import source_of
from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.choice.toolkits import DISTRIBUTIONS

LAYER = "cuda"
_PACKAGE = re.compile(r"^cuda-toolkit-(\d+)-(\d+)$")


def captured(seen: Seen) -> Part:
    """Toolkits, the default one."""
    part = Part()
    source = source_of(seen)
    found: list[str] = []
    for name in seen.packages.installed:
        if match := _PACKAGE.match(name):
            found.append(f"{match[1]}.{match[2]}")
        elif name == DISTRIBUTIONS and seen.release.toolkit:
            found.append(seen.release.toolkit)
    found.sort(key=lambda text: tuple(map(int, text.split("."))))
    packaged = {f"/usr/local/cuda-{version}" for version in found}
    for folder in seen.hand.toolkits:
        if folder not in packaged and f"{folder}/" not in packaged:
            part.say(LAYER, "by-hand", f"{folder} is a CUDA toolkit that no package brought",
                     "Declare its version in cuda.toolkits to have it from NVIDIA's repository")  # fmt: skip
    wanted = [version for version in found if _can_be_declared(seen, version, source, part)]
    cuda: Values = {"toolkits": wanted} if wanted else {}
    default = _default(seen)
    if default in wanted:
        cuda["default"] = default
    part.values = {LAYER: cuda} if cuda else {}
    return part


def _can_be_declared(seen: Seen, version: str, source: str | None, part: Part) -> bool:
    why = None
    if version not in catalog().cuda.toolkits:
        why = "its least driver is not in rigwright/catalog/cuda.toml"
    elif source is None:
        why = "the driver is none that is declared, and toolkits are declared beside one"
    elif source == "distribution" and version != seen.release.toolkit:
        why = f"beside the distribution's driver only its own toolkit ({seen.release.toolkit or 'none'}) is declared"
    if why is not None:
        part.say(LAYER, "toolkit", f"CUDA toolkit {version} is installed and not declared: {why}",
                 "An apply with layer cuda removes toolkits that are not declared")  # fmt: skip
    return why is None


def _default(seen: Seen) -> str | None:
    """The toolkit that somebody has chosen; None where the packages' own choice stands."""
    if seen.cuda.mode != "manual" and not seen.cuda_profile:
        return None
    return seen.cuda.compilers.get(seen.cuda.resolved or "") or None

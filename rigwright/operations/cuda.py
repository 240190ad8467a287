"""CUDA toolkits: those declared and no others, and the one that /usr/local/cuda stands for."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.toolkits import (
    DISTRIBUTIONS,
    left_over,
    may_be_left_over,
    parts_among,
    toolkits_among,
)
from rigwright.engine.reasons import because, refuse
from rigwright.facts.cuda import LINK, CudaToolkits
from rigwright.facts.driver import Offers
from rigwright.facts.packages import Packages, Unneeded
from rigwright.operations.apt import APT, WAITING_APT
from rigwright.operations.driver.scripts import transaction
from rigwright.operations.scripts import script


@operation()
def installed(packages: Mapping[str, str]) -> Generator[StringCommand, None, None]:
    """Have these toolkits (version → package). What is there stays in its version. Refuses what no source offers."""
    state = host.get_fact(Packages)
    missing = {package: toolkit for toolkit, package in packages.items() if package not in state.installed}
    if not missing:
        host.noop("every declared toolkit is installed")
        return
    offers = host.get_fact(Offers, names=list(missing))
    unknown = [f"{toolkit} ({package})" for package, toolkit in missing.items() if not _candidate(offers, package)]
    if unknown:
        refuse(host, f"no source offers toolkit {', '.join(unknown)}; apt-cache policy shows what there is")
    because("; ".join(f"{package}: absent, wanted {offers[package].candidate}" for package in missing))
    yield transaction(f"{package}={offers[package].candidate}" for package in missing)


@operation()
def others_removed(packages: Collection[str]) -> Generator[StringCommand | str, None, None]:
    """Remove toolkits that are not declared, with the parts of their version that nothing else needs.

    The declared list is the whole list. A part of a version without a declared toolkit stays only where a package that
    is none of CUDA's depends on it, or where somebody has installed it by name. What a removal that was interrupted has
    left goes too.
    """
    state = host.get_fact(Packages)
    surplus = sorted(toolkits_among(state.installed) - set(packages))
    if surplus:
        because(f"{', '.join(surplus)}: not declared")
        parts = sorted(parts_among(state.installed, surplus) - set(surplus))
        freed = "all" if DISTRIBUTIONS in surplus else "parts"
        yield script(("cuda_removal.sh",), {"APT": APT}, (" ".join(surplus), " ".join(parts), freed))
        return
    left = []
    if may_be_left_over(state.installed, packages):
        unneeded = host.get_fact(Unneeded)
        left = left_over(unneeded, packages)
    if not left:
        host.noop("no toolkit is installed that is not declared")
        return
    because(f"{', '.join(left)}: left of a toolkit that is not declared, and needed by nothing")
    yield f"{WAITING_APT} --allow-change-held-packages --purge remove {' '.join(map(shlex.quote, left))}"


@operation()
def held(packages: Collection[str]) -> Generator[str, None, None]:
    """Hold the toolkits where they are."""
    state = host.get_fact(Packages)
    loose = sorted(name for name in packages if name in state.installed and name not in state.held)
    if not loose:
        host.noop("the toolkits are held")
        return
    because(f"not held: {', '.join(loose)}")
    yield f"apt-mark hold {' '.join(map(shlex.quote, loose))}"


@operation()
def default(prefix: str, version: str) -> Generator[str, None, None]:
    """Have /usr/local/cuda stand for this toolkit, by update-alternatives as NVIDIA's packages do."""
    state = host.get_fact(CudaToolkits)
    if state.resolved == prefix and state.chosen == prefix and state.mode == "manual":
        host.noop(f"{LINK} is {prefix}")
        return
    if state.link == "folder":
        refuse(host, f"{LINK} is a folder, not a link: move it away, or declare cuda.default = None")
    because(f"{LINK}: {_described(state.resolved, state.mode)}, wanted {prefix}")
    if state.link is not None and state.link != "/etc/alternatives/cuda":
        yield f"rm -f {LINK}"
    if prefix not in state.known:
        major, minor = version.split(".")
        yield f"update-alternatives --install {LINK} cuda {prefix} {int(major) * 10 + int(minor)}"
    yield f"update-alternatives --set cuda {prefix}"


@operation()
def no_default(gone: bool) -> Generator[str, None, None]:
    """Leave the choice of /usr/local/cuda to the packages; with ``gone`` (no toolkit left), have no link."""
    state = host.get_fact(CudaToolkits)
    dangling = state.resolved is not None and state.resolved not in state.compilers
    stale = [prefix for prefix in state.known if prefix not in state.compilers]
    steps: list[tuple[str, str]] = []
    if stale:
        steps.append(
            (
                f"alternatives {', '.join(stale)}: nothing there any more",
                " && ".join(f"update-alternatives --remove cuda {prefix}" for prefix in stale),
            )
        )
    elif state.mode == "manual" and not gone:
        steps.append((f"{LINK}: fixed to {state.chosen}, not declared", "update-alternatives --auto cuda"))
    if gone and dangling and state.link != "folder":
        steps.append((f"{LINK}: points at {state.resolved}, where nothing is", f"rm -f {LINK}"))
    if not steps:
        host.noop(f"{LINK} is left to the packages")
        return
    because("; ".join(reason for reason, _ in steps))
    for _, command in steps:
        yield command


def _candidate(offers: Mapping[str, object], package: str) -> bool:
    offer = offers.get(package)
    return getattr(offer, "candidate", None) is not None


def _described(resolved: str | None, mode: str | None) -> str:
    if resolved is None:
        return "missing"
    how = {"auto": "chosen by the packages", "manual": "chosen"}.get(mode or "", "a link of somebody else")
    return f"{resolved} ({how})"

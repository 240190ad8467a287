"""CUDA toolkits: those declared and no others, and the one that /usr/local/cuda stands for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.cuda import LINK, CudaToolkits
from rigwright.facts.driver import Offers
from rigwright.facts.packages import Packages
from rigwright.operations.apt import APT
from rigwright.operations.driver.scripts import transaction

_TOOLKIT = re.compile(r"^cuda-toolkit-(\d+)-(\d+)$|^nvidia-cuda-toolkit$")
_PART = re.compile(r"^(?:cuda|lib(?:cu|nv|npp)|nsight|gds-tools|nvidia-gds)\S*-(\d+)-(\d+)(?:-config-common)?$")
_SHARED = re.compile(r"^cuda-toolkit(?:-\d+)?-config-common$")


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
def others_removed(packages: Collection[str]) -> Generator[str, None, None]:
    """Remove toolkits that are not declared, with the parts of their version that nothing else needs.

    The declared list is the whole list. A part of a version without a declared toolkit stays only where a package that
    is none of CUDA's depends on it.
    """
    state = host.get_fact(Packages)
    toolkits = {name for name in state.installed if _TOOLKIT.match(name)}
    surplus = sorted(toolkits - set(packages))
    if not surplus:
        host.noop("no toolkit is installed that is not declared")
        return
    because(f"{', '.join(surplus)}: not declared")
    gone = {_version(name) for name in surplus}
    parts = [name for name in state.installed if (match := _PART.match(name)) and match.groups() in gone]
    parts += [name for name in state.installed if _SHARED.match(name)]
    loose = " ".join(map(shlex.quote, sorted(set(parts) - set(surplus))))
    listed = " ".join(map(shlex.quote, surplus))
    if not loose:
        yield f"{APT} --allow-change-held-packages --purge remove {listed}"
        return
    # Marked as there for others' sake alone: then apt itself says which of them nobody needs any more.
    yield (
        f"apt-mark unhold {listed} {loose} && apt-mark auto {loose} && "
        f"unneeded=$(LC_ALL=C apt-get -s --auto-remove remove {listed} | awk '$1 == \"Remv\" {{ print $2 }}') && "
        f'gone= && for name in {loose}; do case " "$(echo $unneeded)" " in *" $name "*) gone="$gone $name";; esac; done'
        " && "
        f"{APT} --purge remove {listed} $gone"
    )


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


def _version(package: str) -> tuple[str, str] | None:
    match = _TOOLKIT.match(package)
    return (match[1], match[2]) if match and match[1] else None


def _described(resolved: str | None, mode: str | None) -> str:
    if resolved is None:
        return "missing"
    how = {"auto": "chosen by the packages", "manual": "chosen"}.get(mode or "", "a link of somebody else")
    return f"{resolved} ({how})"

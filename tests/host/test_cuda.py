"""Layer `cuda`: the declared toolkits, each answering for itself, and the default one."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.choice.toolkits import left_over, toolkit_prefix
from rigwright.facts.packages import Unneeded
from rigwright.spec.rig import Rig
from tests.host.answers import proves
from tests.host.reading import Answers, ask

LINK = "/usr/local/cuda"
PROFILE = "/etc/profile.d/rigwright-cuda.sh"


@pytest.fixture(scope="session")
def toolkits(rig: Rig) -> list[str]:
    """The declared toolkits; none where the layer is taken back."""
    return rig.cuda.toolkits if rig.cuda.state == "present" else []


@pytest.fixture(scope="session")
def default(rig: Rig) -> str | None:
    return rig.cuda.default if rig.cuda.state == "present" else None


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig, toolkits: list[str]) -> Answers:
    """Everything that this file wants to know, in one command."""
    compilers = "; ".join(
        f'echo "{toolkit}=$({toolkit_prefix(toolkit, rig, catalog())}/bin/nvcc --version | grep release)"'
        for toolkit in toolkits
    )
    return ask(
        host,
        {
            "compilers": compilers or "true",
            "packages": "dpkg-query -W -f '${db:Status-Abbrev}|${Package}\\n' 'cuda-toolkit-*' nvidia-cuda-toolkit |"
            " grep -E '^.i.[|](cuda-toolkit-[0-9]+-[0-9]+|nvidia-cuda-toolkit)$' | cut -d'|' -f2",
            "unneeded": Unneeded().command(),
            "held": "apt-mark showhold",
            "link": f"readlink -f {LINK}",
            "default": f"{LINK}/bin/nvcc --version | grep release",
            "login": "env -i HOME=/root PATH=/usr/bin:/bin sh -lc 'command -v nvcc'",
            "profile": f"ls {PROFILE}",
        },
    )


def _release(banner: str) -> str | None:
    found = re.search(r"release (\d+\.\d+)", banner)
    return found[1] if found else None


def _packages(rig: Rig, toolkits: list[str]) -> set[str]:
    if rig.driver.source == "distribution":
        return {catalog().cuda.packages.distribution} if toolkits else set()
    return {catalog().cuda.package(toolkit) for toolkit in toolkits}


@proves("cuda.toolkits", "cuda.state")
def test_toolkits(rig: Rig, seen: Answers, toolkits: list[str]) -> None:
    """Every declared toolkit's compiler answers with its version, and no other toolkit is installed"""
    for toolkit in toolkits:
        banner = seen.pairs("compilers").get(toolkit, "")
        assert _release(banner) == toolkit, f"nvcc of toolkit {toolkit} says {banner or 'nothing: it is not there'}"
    surplus = sorted(set(seen.lines("packages")) - _packages(rig, toolkits))
    assert not surplus, f"installed, and not declared: {', '.join(surplus)}"
    left = left_over(Unneeded().process(seen.lines("unneeded")), _packages(rig, toolkits))
    assert not left, f"left of toolkits that are not declared, and needed by nothing: {', '.join(left)}"


@proves("cuda.toolkits")
def test_held(rig: Rig, seen: Answers, toolkits: list[str]) -> None:
    """The toolkits are held"""
    loose = sorted(_packages(rig, toolkits) - set(seen.lines("held")))
    assert not loose, f"not held: {', '.join(loose)}"


@proves("cuda.default", "cuda.state")
def test_default(rig: Rig, seen: Answers, default: str | None, toolkits: list[str]) -> None:
    """/usr/local/cuda is the declared default, for programs and for people who log in"""
    if default is None:
        assert not seen["profile"], f"no default toolkit is declared, yet {PROFILE} puts one on PATH"
        if not toolkits:
            assert not seen["default"], f"no toolkit is declared, yet {LINK} is {seen['link']}"
        return
    prefix = toolkit_prefix(default, rig, catalog())
    assert seen["link"] == prefix, f"{LINK} is {seen['link'] or 'missing'}, wanted {prefix}"
    assert _release(seen["default"]) == default, (
        f"{LINK}/bin/nvcc says {seen['default'] or 'nothing'}, wanted {default}"
    )
    assert seen["login"], "nvcc is not on the PATH of a login"

"""Archive components: added to the mirror in use, on every release."""

from __future__ import annotations

import pytest

from rigwright.facts.release import Release
from rigwright.facts.sources import Archive, SourceFile, Sources, SourcesState
from rigwright.operations import sources
from tests.unit.operations.harness import Case
from tests.unit.operations.releases import RELEASE

_UBUNTU = """\
Types: deb
URIs: http://de.archive.ubuntu.com/ubuntu/
Suites: {0} {0}-updates {0}-backports
Components: main restricted
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: {0}-security
Components: main restricted
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""
_DEBIAN = """\
Types: deb
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
_LINES = """\
deb http://mirror.example/{1} {0} main
deb http://mirror.example/{1} {0}-updates main
deb http://mirror.example/{1}-security {0}-security main
deb https://somebody.example/apt {0} main
"""
_JAMMY = """\
deb http://mirror.example/ubuntu/ jammy main restricted
# deb-src http://mirror.example/ubuntu/ jammy main restricted

deb http://mirror.example/ubuntu/ jammy-updates main restricted
deb http://mirror.example/ubuntu/ jammy universe
deb http://mirror.example/ubuntu/ jammy-updates universe
deb http://mirror.example/ubuntu/ jammy multiverse
deb http://mirror.example/ubuntu/ jammy-updates multiverse
deb http://mirror.example/ubuntu/ jammy-backports main restricted universe multiverse
deb http://mirror.example/ubuntu-security jammy-security main restricted
deb http://mirror.example/ubuntu-security jammy-security universe
deb http://mirror.example/ubuntu-security jammy-security multiverse
"""
"""As the installer of Ubuntu 22.04 writes it."""

LIST = "/etc/apt/sources.list"
DEB822 = {"trixie": "debian", "noble": "ubuntu", "resolute": "ubuntu"}


def _sources(codename: str, text: str, path: str = LIST, read: bool = True) -> dict[object, object]:
    family = "Ubuntu" if "ubuntu" in text.lower() else "Debian"
    archives = {
        f"mirror.example_{family.lower()}{place}_dists_{codename}{suite}": Archive(family, f"{codename}{suite}")
        for place, suite in (("", ""), ("", "-updates"), ("-security", "-security"))
    }
    archives[f"somebody.example_apt_dists_{codename}"] = Archive("Somebody", codename)
    state = SourcesState({path: SourceFile(text, "644")}, archives if read else {})
    return {Sources: state, Release: RELEASE[codename]}


def _deb822(codename: str) -> tuple[str, str]:
    text = _DEBIAN if codename == "trixie" else _UBUNTU.format(codename)
    return f"/etc/apt/sources.list.d/{DEB822[codename]}.sources", text


CASES = [
    *(
        Case(
            f"{codename}: both stanzas, by the archive's own key, before any list is there",
            sources.components,
            {"wanted": ["non-free" if codename == "trixie" else "universe"]},
            _sources(codename, _deb822(codename)[1], _deb822(codename)[0], read=False),
            has=["Components: main non-free"] if codename == "trixie" else ["Components: main restricted universe"],
            lacks=["Components: main\n", "Components: main restricted\n"],
        )
        for codename in DEB822
    ),
    *(
        Case(
            f"{codename}: every line of the archive, and nobody else's",
            sources.components,
            {"wanted": ["contrib"]},
            _sources(codename, _LINES.format(codename, family)),
            has=[
                f"{codename} main contrib\n",
                f"{codename}-updates main contrib\n",
                f"{codename}-security main contrib\n",
                f"https://somebody.example/apt {codename} main\n",
            ],
            why=[f"{LIST}: lacks one of contrib"],
        )
        for codename, family in (("bookworm", "debian"), ("jammy", "ubuntu"))
    ),
    Case(
        "as installed, one line for each few components: all there",
        sources.components,
        {"wanted": ["restricted", "universe", "multiverse"]},
        _sources("jammy", _JAMMY),
    ),
    Case(
        "as installed, one component gone from one suite: its first line gets it",
        sources.components,
        {"wanted": ["restricted", "universe", "multiverse"]},
        _sources("jammy", _JAMMY.replace("deb http://mirror.example/ubuntu/ jammy-updates universe\n", "")),
        has=[
            "<<<\n"
            + _JAMMY.replace("deb http://mirror.example/ubuntu/ jammy-updates universe\n", "").replace(
                "jammy-updates main restricted\n", "jammy-updates main restricted universe\n"
            )
        ],
    ),
    Case("nothing wanted", sources.components, {"wanted": []}, _sources("trixie", _DEBIAN, "/x.sources")),
    Case("all there", sources.components, {"wanted": ["main"]}, _sources("trixie", _DEBIAN, "/x.sources")),
    Case(
        "no source of the distribution",
        sources.components,
        {"wanted": ["contrib"]},
        _sources("bookworm", "deb https://somebody.example/apt bookworm main\n"),
        refuses="none of apt's sources (/etc/apt/sources.list) is the distribution's own archive for bookworm",
    ),
    Case("known: by what apt has read", sources.known, {}, _sources("bookworm", _LINES.format("bookworm", "debian"))),
    Case("known: by the key", sources.known, {}, _sources("trixie", _DEBIAN, "/x.sources", read=False)),
    Case(
        "not known yet",
        sources.known,
        {},
        _sources("bookworm", _LINES.format("bookworm", "debian"), read=False),
        has=[" update"],
        why=["/etc/apt/sources.list: apt has not yet read whose archives these are"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sources(case: Case) -> None:
    case.check()

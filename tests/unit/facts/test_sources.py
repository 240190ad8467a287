"""apt's sources: whose they are, and how a component is added to them."""

from __future__ import annotations

import base64

import pytest

from rigwright.facts.sources import Archive, SourceFile, Sources, SourcesState, entries, with_components

DEBIAN = """\
# the installer's
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components:
 main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp

Enabled: no
Types: deb
URIs: http://mirror.example/debian
Suites: trixie-backports
Components: main
"""

NOBLE = """\
Types: deb
URIs: http://de.archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""

BOOKWORM = """\
#deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://mirror.example/debian/ bookworm main non-free-firmware # installed
deb-src http://mirror.example/debian/ bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] https://x.example/debian bookworm main
deb https://flat.example/ ./
"""


def test_raw_output() -> None:
    encoded = base64.b64encode(b"deb http://x bookworm main\n").decode()
    found = Sources().process(
        [
            f"F 644 {encoded}|/etc/apt/sources.list",
            "R mirror.example_debian_dists_bookworm_InRelease",
            "O Debian",
            "C bookworm",
            "R x.example_apt_dists_stable_Release",
            "O Somebody",
        ]
    )
    assert found.files == {"/etc/apt/sources.list": SourceFile("deb http://x bookworm main\n", "644")}
    assert found.archives == {
        "mirror.example_debian_dists_bookworm": Archive("Debian", "bookworm"),
        "x.example_apt_dists_stable": Archive("Somebody", ""),
    }


def test_a_file_that_is_not_utf8_is_never_written_back() -> None:
    encoded = base64.b64encode(b"deb http://x bookworm main # f\xfcr\n").decode()
    with pytest.raises(ValueError, match="not UTF-8"):
        Sources().process([f"F 644 {encoded}|/etc/apt/sources.list"])


def test_deb822() -> None:
    first, second = entries("/etc/apt/sources.list.d/debian.sources", DEBIAN)
    assert first.suites == ("trixie", "trixie-updates")
    assert first.components == ("main",)
    assert second.components == ("main", "contrib")
    assert second.uris == ("http://mirror.example/debian-security",)


def test_one_line() -> None:
    found = entries("/etc/apt/sources.list", BOOKWORM)
    assert [(e.uris[0], e.components, e.signed_by) for e in found] == [
        ("http://mirror.example/debian/", ("main", "non-free-firmware"), ""),
        ("https://x.example/debian", ("main",), "/etc/apt/keyrings/x.gpg"),
    ]


def test_components_are_added_to_deb822_and_nothing_else_changes() -> None:
    text = DEBIAN
    for entry in entries("x.sources", text):
        text = with_components(text, entry, ("contrib", "non-free"))
    changed = [(old, new) for old, new in zip(DEBIAN.split("\n"), text.split("\n"), strict=True) if old != new]
    assert changed == [
        ("Components: main", "Components: main contrib non-free"),
        ("Components:", "Components: non-free"),
    ]
    assert [e.components for e in entries("x.sources", text)] == [
        ("main", "contrib", "non-free"),
        ("non-free", "main", "contrib"),
    ]


def test_components_are_added_before_a_comment() -> None:
    entry = entries("sources.list", BOOKWORM)[0]
    assert "bookworm main non-free-firmware contrib # installed" in with_components(BOOKWORM, entry, ("contrib",))


def test_whose_it_is() -> None:
    fresh = SourcesState()
    read = SourcesState(
        archives={
            "mirror.example_debian_dists_bookworm": Archive("Debian", "bookworm"),
            "x.example_debian_dists_bookworm": Archive("X", "bookworm"),
        }
    )
    own, foreign = entries("sources.list", BOOKWORM)
    assert fresh.belongs(own, "bookworm") is None, "nothing but apt's lists can tell"
    assert fresh.belongs(foreign, "bookworm") is False, "it is signed by somebody's own key"
    assert read.belongs(own, "bookworm") is True
    assert read.belongs(foreign, "bookworm") is False
    assert read.belongs(own, "trixie") is False


@pytest.mark.parametrize(("text", "codename"), [(DEBIAN, "trixie"), (NOBLE, "noble")])
def test_the_archives_own_key_tells_before_any_list_is_there(text: str, codename: str) -> None:
    assert all(SourcesState().belongs(entry, codename) for entry in entries("x.sources", text))


def test_an_alias_is_known_by_what_the_archive_says() -> None:
    (entry,) = entries("sources.list", "deb http://m/debian stable main\n")
    assert SourcesState().belongs(entry, "trixie") is False
    known = SourcesState(archives={"m_debian_dists_stable": Archive("Debian", "trixie")})
    assert known.belongs(entry, "trixie") is True


def test_names_of_lists_with_odd_addresses() -> None:
    (entry,) = entries("sources.list", "deb http://me:pw@m.example:8080/a_b/debian/ trixie-security/updates main\n")
    known = SourcesState(
        archives={"m.example:8080_a%5fb_debian_dists_trixie-security_updates": Archive("Debian", "trixie-security")}
    )
    assert known.belongs(entry, "trixie") is True

"""Which mirror a host is made from."""

import pytest

from sim.errors import SimulationError
from sim.host.mirror import Mirror, machine_mirror, mirror_in
from sim.host.release import release

LISTED = """\
http://packages.example.org/apt/ cloud-sdk-bookworm main
http://mirror.example.org/debian-security/ bookworm-security main
http://mirror.example.org/debian/ bookworm-updates main
http://mirror.example.org/debian/ bookworm main
"""


def test_the_archive_and_the_security_suites_of_the_machine() -> None:
    assert mirror_in(LISTED) == Mirror("http://mirror.example.org/debian", "http://mirror.example.org/debian-security")


def test_a_machine_without_a_debian_archive_is_told_what_to_set() -> None:
    with pytest.raises(SimulationError, match=r"set RIGWRIGHT_DEBIAN_MIRROR to .* make try"):
        mirror_in("http://archive.example.org/ubuntu/ noble main\n")


def test_the_environment_names_another_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGWRIGHT_DEBIAN_MIRROR", "http://one.example.org/debian/")
    assert machine_mirror() == Mirror("http://one.example.org/debian", "http://one.example.org/debian-security")
    monkeypatch.setenv("RIGWRIGHT_DEBIAN_MIRROR", "http://one.example.org/debian http://two.example.org/security/")
    assert machine_mirror() == Mirror("http://one.example.org/debian", "http://two.example.org/security")


@pytest.mark.parametrize(
    ("codename", "file", "line"),
    [
        ("trixie", "etc/apt/sources.list.d/debian.sources", "Suites: trixie trixie-updates"),
        ("bookworm", "etc/apt/sources.list", "deb http://m/security bookworm-security main"),
    ],
)
def test_sources_are_in_the_format_of_the_release(codename: str, file: str, line: str) -> None:
    path, text = release(codename).sources(Mirror("http://m/debian", "http://m/security"))
    assert path == file
    assert line in text.splitlines()
    assert "non-free" not in text


def test_an_unknown_release_is_refused_with_those_there_are() -> None:
    with pytest.raises(SimulationError, match="bookworm, trixie"):
        release("sarge")

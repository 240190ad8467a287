"""Host name, locale and time zone as they are read."""

from __future__ import annotations

from rigwright.facts.settings import Settings

TRIXIE = """\
hostname basement
kernel_name basement
hosts 127.0.0.1	localhost
hosts
hosts 127.0.1.1	basement
locale_file /etc/locale.conf
locale LANG=de_DE.UTF-8
locale LC_NUMERIC="C.UTF-8"
have C
have C.utf8
have POSIX
have de_DE.utf8
gen # en_GB.UTF-8 UTF-8
gen de_DE.UTF-8 UTF-8
localtime /usr/share/zoneinfo/Europe/Berlin
zone_exists
"""


def test_trixie() -> None:
    found = Settings().process(TRIXIE.splitlines())
    assert (found.hostname, found.kernel_name) == ("basement", "basement")
    assert found.hosts == ("127.0.0.1\tlocalhost", "", "127.0.1.1\tbasement")
    assert found.lang == "de_DE.UTF-8"
    assert found.locale_file == "/etc/locale.conf"
    assert found.locale_gen == ("# en_GB.UTF-8 UTF-8", "de_DE.UTF-8 UTF-8")
    assert found.zone == "Europe/Berlin"
    assert found.timezone is None
    assert found.zone_exists


def test_locales_are_one_however_they_are_spelled() -> None:
    found = Settings().process(TRIXIE.splitlines())
    assert found.has_locale("de_DE.UTF-8")
    assert found.has_locale("C.UTF-8")
    assert found.has_locale("POSIX")
    assert not found.has_locale("de_DE")
    assert not found.has_locale("en_GB.UTF-8")


def test_a_bare_host() -> None:
    found = Settings().process(["hostname", "kernel_name x", "locale_file", "localtime", "timezone Etc/UTC"])
    assert found.lang == ""
    assert found.locale_file == "/etc/default/locale"
    assert found.locale_gen is None
    assert (found.zone, found.localtime, found.timezone) == ("Etc/UTC", "", "Etc/UTC")
    assert not found.zone_exists


def test_the_zone_is_quoted() -> None:
    assert "/zoneinfo/'a b'" in Settings().command(zone="a b")

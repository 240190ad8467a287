"""Host name, locale and time zone: set where they differ, what others wrote beside them kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rigwright.facts.settings import Settings, SettingsState
from rigwright.operations import settings
from tests.unit.operations.harness import Case

HOST = SettingsState(
    hostname="basement",
    kernel_name="basement",
    hosts=("127.0.0.1\tlocalhost", "127.0.1.1\tbasement", "10.9.8.7\tneighbour"),
    locale_file="/etc/default/locale",
    locale_lines=("LANG=C.UTF-8", "LC_NUMERIC=C"),
    locales=frozenset({"C", "C.utf8", "POSIX"}),
    locale_gen=("# de_DE.UTF-8 UTF-8", "# en_GB.UTF-8 UTF-8"),
    localtime="/usr/share/zoneinfo/Etc/UTC",
    timezone="Etc/UTC",
    zone_exists=True,
)
NAME = {"hostname": "basement", "zone": "Etc/UTC"}
BERLIN = {"zone": "Europe/Berlin"}


def _host(**changes: object) -> dict[object, object]:
    return {Settings: replace(HOST, **changes)}  # type: ignore[arg-type]


CASES = [
    Case("name: as declared", settings.hostname, NAME, _host()),
    Case(
        "name: changed, and the old one's address taken over", settings.hostname, NAME,
        _host(hostname="attic", kernel_name="attic", hosts=("127.0.0.1\tlocalhost", "127.0.1.1\tattic.lan attic")),
        has=["<<<\n127.0.0.1\tlocalhost\n127.0.1.1\tbasement\n", "<<<\nbasement\n", "hostname basement"],
        why=["host name: attic, wanted basement; /etc/hosts: no address for basement"],
    ),
    Case(
        "name: only the running one differs", settings.hostname, NAME, _host(kernel_name="attic"),
        commands=["hostname basement"],
    ),
    Case(
        "name: another address already has it", settings.hostname, NAME,
        _host(hosts=("127.0.0.1 localhost", "10.0.0.5 basement.lan basement # here")),
    ),
    Case(
        "name: no address for it, a neighbour's kept", settings.hostname, NAME,
        _host(hosts=("127.0.0.1\tlocalhost", "10.9.8.7\tneighbour", "# 10.0.0.1 basement")),
        has=["<<<\n127.0.0.1\tlocalhost\n127.0.1.1\tbasement\n10.9.8.7\tneighbour\n# 10.0.0.1 basement\n"],
        lacks=["hostname basement"],
    ),
    Case("locale: as declared", settings.locale, {"locale": "C.UTF-8", "zone": "x"}, _host()),
    Case(
        "locale: compiled, set, others' lines kept", settings.locale, {"locale": "de_DE.UTF-8", "zone": "x"}, _host(),
        has=[
            "<<<\nde_DE.UTF-8 UTF-8\n# en_GB.UTF-8 UTF-8\n",
            "grep -qx 'de_DE.UTF-8 UTF-8' /usr/share/i18n/SUPPORTED",
            "locale-gen",
            "<<<\nLANG=de_DE.UTF-8\nLC_NUMERIC=C\n",
        ],
        why=["locale de_DE.UTF-8: not compiled; LANG is C.UTF-8, wanted de_DE.UTF-8"],
    ),
    Case(
        "locale: trixie's file, LC_ALL would outweigh it", settings.locale, {"locale": "C.UTF-8", "zone": "x"},
        _host(locale_file="/etc/locale.conf", locale_lines=("LC_ALL=POSIX",)),
        has=["/etc/locale.conf", "<<<\nLANG=C.UTF-8\n"], lacks=["LC_ALL=POSIX", "locale-gen"],
        why=["LANG is not set, wanted C.UTF-8"],
    ),
    Case("zone: as declared", settings.timezone, {"zone": "Etc/UTC"}, _host()),
    Case(
        "zone: set, with Debian's copy", settings.timezone, BERLIN, _host(),
        commands=[
            "ln -sfT /usr/share/zoneinfo/Europe/Berlin /etc/localtime.rigwright && mv -fT /etc/localtime.rigwright "
            "/etc/localtime",
            "echo Europe/Berlin > /etc/timezone",
        ],
    ),
    Case(
        "zone: without a copy", settings.timezone, BERLIN, _host(timezone=None),
        has=["/etc/localtime"], lacks=["/etc/timezone"],
    ),
    Case(
        "zone: no such", settings.timezone, {"zone": "US/Eastern"}, _host(zone_exists=False),
        refuses="no time zone US/Eastern",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_settings(case: Case) -> None:
    case.check()

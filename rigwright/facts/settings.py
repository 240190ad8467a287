"""What the system calls itself and speaks: host name, locale, time zone."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
echo "hostname $(cat /etc/hostname 2>/dev/null)"
echo "kernel_name $(uname -n)"
sed 's/^/hosts /' /etc/hosts 2>/dev/null
locale_file=$(readlink -f /etc/default/locale)
[ -e /etc/default/locale ] || [ ! -e /etc/locale.conf ] || locale_file=/etc/locale.conf
echo "locale_file $locale_file"
[ -f "$locale_file" ] && sed 's/^/locale /' "$locale_file"
locale -a 2>/dev/null | sed 's/^/have /'
[ -f /etc/locale.gen ] && sed 's/^/gen /' /etc/locale.gen
[ -e /usr/share/i18n/SUPPORTED ] && echo supported
echo "localtime $(readlink /etc/localtime)"
[ -f /etc/timezone ] && echo "timezone $(cat /etc/timezone)"
[ -f /usr/share/zoneinfo/@ZONE@ ] && echo zone_exists
true
"""

ZONES = "/usr/share/zoneinfo/"


@dataclass(frozen=True)
class SettingsState:
    """What `Settings` found.

    ``hostname``: of /etc/hostname, ``kernel_name``: in force; ``locale_file``: the real path of the file with LANG,
    which is /etc/locale.conf on newer releases; ``locales``: compiled ones, as ``locale -a`` spells them;
    ``locale_gen``: lines of /etc/locale.gen, None without it; ``localtime``: target of the link; ``timezone``: Debian's
    copy of its name, None without.
    """

    hostname: str
    kernel_name: str
    hosts: tuple[str, ...]
    locale_file: str
    locale_lines: tuple[str, ...]
    locales: frozenset[str]
    locale_gen: tuple[str, ...] | None
    localtime: str
    timezone: str | None
    zone_exists: bool

    @property
    def lang(self) -> str:
        """LANG as logins get it; '' when it is not set."""
        for line in self.locale_lines:
            name, _, value = line.partition("=")
            if name.strip() == "LANG":
                return value.strip().strip("\"'")
        return ""

    @property
    def zone(self) -> str:
        """The time zone in force; UTC without a link."""
        return self.localtime.partition("zoneinfo/")[2] or "Etc/UTC"

    def has_locale(self, name: str) -> bool:
        """Whether the locale is compiled; ``de_DE.UTF-8`` and ``de_DE.utf8`` are one."""
        return name in ("C", "POSIX") or _spelled(name) in {_spelled(known) for known in self.locales}


class Settings(FactBase[SettingsState]):
    """All of it in one command.

    Raw lines: ``hostname basement``, ``hosts 127.0.1.1 basement``, ``locale LANG=C.UTF-8``, ``have C.utf8``,
    ``localtime /usr/share/zoneinfo/Etc/UTC``.
    """

    def command(self, zone: str) -> str:
        """Print it; ``zone`` is the time zone to look for."""
        return _COMMAND.replace("@ZONE@", shlex.quote(zone))

    def process(self, output: list[str]) -> SettingsState:
        """Sort lines by their first word."""
        lines: dict[str, list[str]] = {}
        for line in output:
            kind, _, rest = line.partition(" ")
            lines.setdefault(kind, []).append(rest)

        def first(kind: str) -> str:
            return lines.get(kind, [""])[0].strip()

        return SettingsState(
            hostname=first("hostname"),
            kernel_name=first("kernel_name"),
            hosts=tuple(lines.get("hosts", ())),
            locale_file=first("locale_file") or "/etc/default/locale",
            locale_lines=tuple(lines.get("locale", ())),
            locales=frozenset(lines.get("have", ())),
            locale_gen=tuple(lines["gen"]) if "gen" in lines else None,
            localtime=first("localtime"),
            timezone=first("timezone") if "timezone" in lines else None,
            zone_exists="zone_exists" in lines,
        )


def _spelled(locale: str) -> str:
    language, _, charset = locale.partition(".")
    return f"{language}.{charset.lower().replace('-', '')}"

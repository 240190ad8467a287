"""Host name, locale, time zone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.settings import ZONES, Settings
from rigwright.operations import files


@operation()
def locale(locale: str, zone: str) -> Generator[StringCommand | str, None, None]:
    """Have the locale compiled and set as LANG; other lines of the file stay. ``zone`` only shares the fact."""
    state = host.get_fact(Settings, zone=zone)
    compiled = state.has_locale(locale)
    if compiled and state.lang == locale:
        host.noop(f"the locale is {locale}")
        return
    because("; ".join(_locale_gaps(locale, state.lang, compiled)))
    if not compiled:
        charset = locale.partition(".")[2] or "ISO-8859-1"
        line = f"{locale} {charset}"
        wanted = re.compile(rf"^#?\s*{re.escape(line)}\s*$")
        lines = [line if wanted.match(old) else old for old in state.locale_gen or ()]
        if line not in lines:
            lines.append(line)
        yield _written("/etc/locale.gen", lines)
        quoted = shlex.quote(line)
        yield (
            f"grep -qx {quoted} /usr/share/i18n/SUPPORTED || "
            f"{{ echo 'there is no locale '{quoted}' in /usr/share/i18n/SUPPORTED' >&2; exit 1; }}; locale-gen"
        )
    if state.lang != locale:
        kept = [line for line in state.locale_lines if line.partition("=")[0].strip() not in ("LANG", "LC_ALL")]
        yield _written(state.locale_file, [f"LANG={locale}", *kept])


def _written(path: str, lines: Sequence[str]) -> StringCommand:
    return files.written(path, ("\n".join(lines) + "\n").encode(), "644", "root", "root", None)


def _locale_gaps(name: str, lang: str, compiled: bool) -> list[str]:
    gaps = [] if compiled else [f"locale {name}: not compiled"]
    return gaps if lang == name else [*gaps, f"LANG is {lang or 'not set'}, wanted {name}"]


@operation()
def timezone(zone: str) -> Generator[str, None, None]:
    """Set the time zone, and Debian's copy of its name where there is one."""
    state = host.get_fact(Settings, zone=zone)
    copied = state.timezone in (None, zone)
    if state.zone == zone and state.localtime and copied:
        host.noop(f"the time zone is {zone}")
        return
    if not state.zone_exists:
        refuse(
            host,
            f"there is no time zone {zone} in {ZONES} (older names such as US/Eastern are in package tzdata-legacy)",
        )
    because(f"time zone: {state.zone if copied else state.timezone}, wanted {zone}")
    link = "/etc/localtime"
    yield f"ln -sfT {ZONES}{shlex.quote(zone)} {link}.rigwright && mv -fT {link}.rigwright {link}"
    if not copied:
        yield f"echo {shlex.quote(zone)} > /etc/timezone"


@operation()
def hostname(hostname: str, zone: str) -> Generator[StringCommand | str, None, None]:
    """Set the host name, now and at boot, and have it resolve to this host without any DNS."""
    state = host.get_fact(Settings, zone=zone)
    hosts = _with_name(state.hosts, hostname)
    gaps = []
    if state.hostname != hostname or state.kernel_name != hostname:
        gaps.append(f"host name: {state.hostname or state.kernel_name}, wanted {hostname}")
    if hosts != list(state.hosts):
        gaps.append(f"/etc/hosts: no address for {hostname}")
    if not gaps:
        host.noop(f"the host name is {hostname}")
        return
    because("; ".join(gaps))
    # The new name first: until it resolves, sudo complains about the host that it runs on.
    if hosts != list(state.hosts):
        yield _written("/etc/hosts", hosts)
    if state.hostname != hostname:
        yield _written("/etc/hostname", [hostname])
    if state.kernel_name != hostname:
        yield f"hostname {shlex.quote(hostname)}"


def _with_name(hosts: Sequence[str], name: str) -> list[str]:
    """The lines of /etc/hosts with an address for the name: on Debian's own 127.0.1.1, whose old names it replaces."""
    if any(name in line.partition("#")[0].split()[1:] for line in hosts):
        return list(hosts)
    ours = f"127.0.1.1\t{name}"
    own = [number for number, line in enumerate(hosts) if line.split()[:1] == ["127.0.1.1"]]
    if own:
        return [ours if number == own[0] else line for number, line in enumerate(hosts) if number not in own[1:]]
    after_localhost = max((n + 1 for n, line in enumerate(hosts) if line.split()[:1] == ["127.0.0.1"]), default=0)
    return [*hosts[:after_localhost], ours, *hosts[after_localhost:]]

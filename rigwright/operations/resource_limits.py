"""Resource limits: of logins (pam_limits), and systemd's defaults for services."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Contents
from rigwright.facts.manager_limits import ManagerLimits
from rigwright.operations import files

LOGINS = "/etc/security/limits.d/60-rigwright.conf"
SERVICES = "/etc/systemd/system.conf.d/60-rigwright.conf"
_HEADER = "# Written by Rigwright.\n"


@operation()
def of_logins(limits: Mapping[str, str]) -> Generator[StringCommand | str, None, None]:
    """Have these limits (pam_limits' item → value), soft and hard, for everybody; without any, no file."""
    if not limits:
        yield from files.absent._inner(paths=[LOGINS])
        return
    # The star leaves root out.
    lines = [f"{who} - {item} {value}\n" for item, value in sorted(limits.items()) for who in ("*", "root")]
    yield from files.content._inner(dest=LOGINS, text="".join([_HEADER, *lines]))


@operation()
def of_services(limits: Mapping[str, str]) -> Generator[StringCommand | str, None, None]:
    """Have these defaults (systemd's name, e.g. "NOFILE" → value), soft and hard; without any, systemd's own.

    systemd reads its configuration again on `daemon-reload`; what runs already keeps what it was started with.
    """
    text = host.get_fact(Contents, paths=[SERVICES])[SERVICES]
    wanted = "".join(
        [_HEADER, "[Manager]\n", *(f"DefaultLimit{name}={value}\n" for name, value in sorted(limits.items()))]
    )
    if not limits:
        if text is None:
            host.noop("systemd's own defaults hold")
            return
        because(f"{SERVICES}: present, wanted absent")
        # Emptied first and removed last: whoever is interrupted before the reload finds it again.
        yield files.written(SERVICES, wanted.encode(), "644", "root", "root", None)
        yield f"systemctl daemon-reload && rm -f -- {SERVICES}"
        return
    have = host.get_fact(ManagerLimits)
    gaps = [
        f"DefaultLimit{name}{kind}: {have.get(f'DefaultLimit{name}{kind}', 'unknown')}, wanted {value}"
        for name, value in sorted(limits.items())
        for kind in ("Soft", "")
        if have.get(f"DefaultLimit{name}{kind}") != value
    ]
    if text == wanted and not gaps:
        host.noop("the limits are in force")
        return
    because(
        "; ".join([*gaps, *([] if text == wanted else [f"{SERVICES}: {'content differs' if text else 'missing'}"])])
    )
    if text != wanted:
        yield files.written(SERVICES, wanted.encode(), "644", "root", "root", None)
    yield "systemctl daemon-reload"

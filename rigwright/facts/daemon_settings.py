"""What the files of a few of the distribution's daemons come to: journald, the clock, unattended upgrades, zram."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyinfra.api import FactBase

_USAGE = "ec387f577b844b8fa948f33cad9a75e6"
"""The message in which journald says how much room it may take (SD_MESSAGE_JOURNAL_USAGE)."""

_COMMAND = rf"""
export LC_ALL=C
for name in journald.conf timesyncd.conf zram-generator.conf; do
    systemd-analyze --no-pager cat-config systemd/$name 2>/dev/null | grep -E '^[A-Za-z-]+ *=' | sed "s/^/S $name /"
done
apt-config dump 2>/dev/null | grep -E '^(APT::Periodic::Unattended-Upgrade|Unattended-Upgrade::Package-Blacklist::) ' |
    sed 's/^\([^ ]*\) "\(.*\)";$/A \1 \2/'
grep -hE '^(server|pool) ' /etc/chrony/chrony.conf /etc/chrony/sources.d/*.sources 2>/dev/null | sed 's/^/Y /'
journalctl -q -n 1 MESSAGE_ID={_USAGE} 'JOURNAL_NAME=System Journal' -o json --output-fields=MAX_USE 2>/dev/null |
    sed -n 's/.*"MAX_USE":"\([0-9]*\)".*/J \1/p'
true
"""


@dataclass(frozen=True)
class DaemonSettings:
    """What `DaemonConfig` found.

    ``systemd``: (file, name) → value, the last one counts; ``upgrades``: value of APT::Periodic::Unattended-Upgrade;
    ``never``: patterns of packages that unattended upgrades leave alone; ``chrony``: its lines with servers and pools;
    ``journal_bytes``: what journald says that it may take, None where it does not.
    """

    systemd: dict[tuple[str, str], str] = field(default_factory=dict)
    upgrades: str = ""
    never: tuple[str, ...] = ()
    chrony: tuple[str, ...] = ()
    journal_bytes: int | None = None


class DaemonConfig(FactBase[DaemonSettings]):
    """All of it in one command.

    Raw lines: ``S journald.conf SystemMaxUse=1G``, ``A APT::Periodic::Unattended-Upgrade 1``,
    ``Y server 10.0.0.1 iburst``, ``J 4294967296``.
    """

    def command(self) -> str:
        """Ask systemd, apt and journald."""
        return _COMMAND

    @staticmethod
    def default() -> DaemonSettings:
        """Nothing is set."""
        return DaemonSettings()

    def process(self, output: list[str]) -> DaemonSettings:
        """Sort lines by their first word."""
        systemd: dict[tuple[str, str], str] = {}
        never: list[str] = []
        chrony: list[str] = []
        upgrades, journal = "", None
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "S":
                file, _, setting = rest.partition(" ")
                name, _, value = setting.partition("=")
                systemd[file, name.strip()] = value.strip()
            elif kind == "A":
                name, _, value = rest.partition(" ")
                if name.endswith("Blacklist::"):
                    never.append(value)
                else:
                    upgrades = value
            elif kind == "Y":
                chrony.append(rest)
            elif kind == "J":
                journal = int(rest)
        return DaemonSettings(systemd, upgrades, tuple(never), tuple(chrony), journal)

"""What somebody has put into /etc by hand: files that no package brought, and packages' files that were changed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from pyinfra.api import FactBase

READ = (
    "/etc/sysctl.conf /etc/sysctl.d /etc/modprobe.d /etc/default/grub /etc/default/grub.d /etc/security/limits.conf"
    " /etc/security/limits.d /etc/udev/rules.d"
)
"""Files and folders whose texts are read: they hold settings, and no secrets."""
LISTED = (
    "/etc/apt /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/ld.so.conf.d"
    " /etc/modules-load.d /etc/profile.d /etc/systemd /etc/containers /etc/sudoers.d /etc/NetworkManager /etc/netplan"
    " /etc/network /etc/X11/xorg.conf.d /etc/nftables.conf /etc/rc.local /usr/local/bin /usr/local/sbin"
)
"""Those of which only the names are read."""

# One pass over dpkg's lists; what a file holds is read only where a setting may be in it.
_COMMAND = f"""
export LC_ALL=C
owned=$(mktemp) && found=$(mktemp) || exit 1
cat /var/lib/dpkg/info/*.list 2>/dev/null | grep -E '^/(etc|usr/local)/' | sort -u > "$owned"
find {READ} -type f 2>/dev/null | sort -u > "$found"
while read -r path; do
    by=hand; grep -qxF "$path" "$owned" && by=package
    echo "T $by $(base64 -w0 < "$path")|$path"
done < "$found"
find {LISTED} -type f 2>/dev/null | sort -u | comm -23 - "$owned" | sed 's/^/F /'
dpkg-query -W -f '${{Conffiles}}\\n' 2>/dev/null | awk 'NF == 2 && $2 ~ /^[0-9a-f]+$/ {{ print $2 "  " $1 }}' |
    md5sum -c --quiet 2>/dev/null | sed -n 's/^\\(.*\\): FAILED$/C \\1/p'
for tab in /var/spool/cron/crontabs/*; do
    [ -f "$tab" ] && echo "J ${{tab##*/}} $(grep -cvE '^[[:space:]]*(#|$)' "$tab")"
done
grep -sohE 'nvidia-smi[^;|&]*' /etc/rc.local /etc/systemd/system/*.service /etc/systemd/system/*/*.conf \\
    /usr/local/bin/* /usr/local/sbin/* /etc/cron.d/* 2>/dev/null | sort -u | sed 's/^/N /'
for script in /usr/bin/nvidia-uninstall /usr/bin/nvidia-installer; do [ -e "$script" ] && echo "I $script"; done
for folder in /usr/local/cuda-*; do [ -d "$folder" ] && echo "D $folder"; done
find /etc/systemd/system -maxdepth 1 -type l -lname /dev/null -printf 'K %f\\n' 2>/dev/null
command -v snap >/dev/null && snap list 2>/dev/null | awk 'NR > 1 {{ print "S " $1 }}'
rm -f "$owned" "$found"
true
"""


@dataclass(frozen=True)
class SettingsFile:
    """One file of `READ`: its text; ``packaged``: a package brought it."""

    text: str
    packaged: bool


@dataclass(frozen=True)
class HandMadeState:
    """What `HandMade` found.

    ``settings``: path → file, of `READ`; ``files``: of `LISTED`, those that no package brought; ``changed``: packages'
    configuration files that are not as they came; ``crontabs``: user → number of lines; ``smi``: calls of nvidia-smi in
    scripts and units; ``installer``: what NVIDIA's own installer left; ``toolkits``: folders of CUDA toolkits;
    ``masked``: units that nobody may start.
    """

    settings: dict[str, SettingsFile] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    crontabs: dict[str, int] = field(default_factory=dict)
    smi: tuple[str, ...] = ()
    installer: tuple[str, ...] = ()
    toolkits: tuple[str, ...] = ()
    snaps: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()

    def by_hand(self, *places: str) -> dict[str, str]:
        """Path → text of the files in these places (a file, or what a folder's files begin with) that nobody's package
        brought, or that were changed since."""
        return {
            path: file.text
            for path, file in self.settings.items()
            if path.startswith(places) and (not file.packaged or path in self.changed)
        }


class HandMade(FactBase[HandMadeState]):
    """All of it in one command; of what may hold secrets (crontabs, units, sudo's rules) only names.

    Raw lines: ``T hand <base64>|/etc/sysctl.d/70-own.conf``, ``F /etc/systemd/system/own.service``,
    ``C /etc/ssh/sshd_config``, ``J anna 3``, ``N nvidia-smi -pl 280``, ``I /usr/bin/nvidia-uninstall``,
    ``D /usr/local/cuda-12.8``, ``S firefox``, ``K bluetooth.service``.
    """

    def command(self) -> str:
        """Hold /etc against dpkg's lists and checksums."""
        return _COMMAND

    @staticmethod
    def default() -> HandMadeState:
        """Nothing."""
        return HandMadeState()

    def process(self, output: list[str]) -> HandMadeState:
        """Sort lines by their first word."""
        lines: dict[str, list[str]] = {}
        settings: dict[str, SettingsFile] = {}
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "T":
                head, _, path = rest.partition("|")
                by, _, encoded = head.partition(" ")
                settings[path] = SettingsFile(base64.b64decode(encoded).decode("utf-8", "replace"), by == "package")
            else:
                lines.setdefault(kind, []).append(rest)
        tabs = (text.rpartition(" ") for text in lines.get("J", ()))
        return HandMadeState(
            settings=settings,
            files=tuple(lines.get("F", ())),
            changed=tuple(lines.get("C", ())),
            crontabs={user: int(count) for user, _, count in tabs},
            smi=tuple(lines.get("N", ())),
            installer=tuple(lines.get("I", ())),
            toolkits=tuple(lines.get("D", ())),
            snaps=tuple(lines.get("S", ())),
            masked=tuple(lines.get("K", ())),
        )

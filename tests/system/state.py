"""What a host is, as text that can be compared: before and after, undisturbed and disturbed."""

from __future__ import annotations

from sim.host.throwaway import ThrowawayHost

PACKAGES = "dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\\n'"

STATE = (
    f"{PACKAGES}; apt-mark showhold; dpkg --audit; "
    "cd /etc && find . -xdev -type f "
    r"! -path './ssh/ssh_host_*' ! -name '*.cache' ! -name 'machine-id' ! -name '*-' ! -name 'shadow' ! -name 'passwd' "
    r"! -path './ssl/certs/*' ! -path './apparmor.d/*' ! -path './resolv.conf' ! -path './hosts' "
    "-printf '%m %u %g %p ' -exec sh -c 'sha256sum < \"$1\"' _ {} \\; | sort; "
    "find / -xdev \\( -name '*.rigwright*' -o -name '.rigwright*' \\) -not -path '/proc/*'; "
    "nft list table inet rigwright"
)
"""Packages and holds, every file of /etc, and what a half-done write would leave behind."""

EVERYTHING = "; ".join(
    (
        f"{PACKAGES}; apt-mark showhold; dpkg --audit",
        "dkms status; update-alternatives --get-selections; systemctl --failed --plain --no-legend",
        # Not what is each host's own, what dpkg keeps of the file before, and days on which passwords were set.
        "cd /etc && find . -xdev -type f "
        r"! -path './ssh/ssh_host_*' ! -name '*.cache' ! -name 'machine-id' ! -name '*-' ! -path './shadow' "
        r"! -path './ssl/certs/*' ! -path './apparmor.d/*' ! -path './resolv.conf' ! -path './hosts' "
        "-printf '%m %u %g %p ' -exec sh -c 'sha256sum < \"$1\"' _ {} \\; | sort",
        "find . -xdev -type l ! -path './ssl/certs/*' -printf '%p -> %l\\n' | sort",
        # Not the key that this side comes in by: each host has another.
        "find /root/.ssh /home/*/.ssh -printf '%m %u %g %y %p\\n' -name 'authorized_keys*' "
        "-exec grep -v ' throw-away$' {} \\; | sort",
        "find / -xdev \\( -name '*.rigwright*' -o -name '.rigwright*' \\) -not -path '/proc/*'",
        "nft list table inet rigwright",
    )
)
"""Packages, holds, modules, alternatives and failed units; every file and link (so every enabled unit) of /etc; keys;
what a half-done write would leave behind; the firewall."""

IN_FORCE = (
    "getent passwd | cut -d: -f1,3- | sort; getent group | sort; getent gshadow | sort; "
    "systemctl list-unit-files --no-legend --plain | awk '{print $1, $2}' | sort; "
    "systemctl list-units --type=service --state=running,failed --no-legend --plain | awk '{print $1, $3, $4}' | "
    "grep -Ev '^(systemd-(hostnamed|localed|timedated)|user@.*)[.]service' | sort; "
    "ss -Hltun | awk '{print $1, $5}' | sort -u; "
    "sysctl -a 2>/dev/null | grep '^net[.]ipv[46][.]\\(tcp\\|ip\\|conf[.]all\\)' | sort"
)
"""Accounts, units at boot and running (not those that come and go when asked), open ports, settings of the network."""


def state(host: ThrowawayHost, *commands: str) -> list[str]:
    """The lines that these print on the host; without any: STATE and IN_FORCE."""
    return [
        line for command in commands or (STATE, IN_FORCE) for line in host.run(command, check=False).stdout.splitlines()
    ]

"""sshd: what its configuration comes to, and who can come in by it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from pyinfra.api import FactBase

from rigwright.facts.undo import undo_script

CONFIG = "/etc/ssh/sshd_config"
DROP_IN = "/etc/ssh/sshd_config.d/10-rigwright.conf"
SOCKET_DROP_IN = "/etc/systemd/system/ssh.socket.d/10-rigwright.conf"

_COMMAND = rf"""
export LC_ALL=C
command -v sshd >/dev/null || exit 0
mkdir -p /run/sshd  # sshd -T asks for it; where systemd listens for sshd, it is there only while somebody is logged in
sshd -T -C user=@USER@,host=localhost,addr=127.0.0.1 2>&1 | sed 's/^/T /'
grep -inHE '^[[:space:]]*(port|listenaddress|include|match)[[:space:]=]' {CONFIG} {CONFIG}.d/*.conf 2>/dev/null |
    sed 's/^/L /'
home=$(getent passwd @USER@ | cut -d: -f6)
files=$(sshd -T -C user=@USER@,host=localhost,addr=127.0.0.1 2>/dev/null | sed -n 's/^authorizedkeysfile //p')
for file in ${{files:-.ssh/authorized_keys .ssh/authorized_keys2}}; do  # sshd's own default, where it cannot say
    file=$(echo "$file" | sed -e "s|%h|$home|g" -e "s|%u|@USER@|g" -e 's|%%|%|g')
    case $file in /*) ;; *) file=$home/$file ;; esac
    echo "K $(grep -cvE '^[[:space:]]*(#|$)' "$file" 2>/dev/null)"
done
echo "A $(cat /root/.ssh/authorized_keys* /home/*/.ssh/authorized_keys* 2>/dev/null | grep -cvE '^[[:space:]]*(#|$)')"
[ -x /usr/lib/systemd/system-generators/sshd-socket-generator ] && echo generator
systemctl show -p Listen ssh.socket 2>/dev/null | sed -n 's/^Listen=\(.*\) (Stream)$/S \1/p'
[ -e {undo_script("sshd")} ] && echo unproven
true
"""


@dataclass(frozen=True)
class Directive:
    """One line of a configuration file that could get in our way."""

    file: str
    line: int
    keyword: str
    value: str

    @property
    def place(self) -> str:
        """``/etc/ssh/sshd_config:12``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class SshdState:
    """What `Sshd` found.

    ``settings``: what sshd says that its files come to for the user asked about, by lower-case keyword; ``ports``:
    those it would listen on; ``error``: why it cannot say, when both are empty; ``directives``: Port, ListenAddress,
    Include and Match lines of all files; ``keys``: number of the user's keys on the host, in the usual files where sshd
    cannot say in which; ``anybodys_keys``: of root's and all people's;
    ``socket_ports``: ports on which ssh.socket listens for sshd; ``generator``: systemd derives those from sshd's files
    (Ubuntu since 24.04); ``unproven``: a change waits for its proof.
    """

    settings: dict[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    error: str = ""
    directives: tuple[Directive, ...] = ()
    keys: int = 0
    anybodys_keys: int = 0
    socket_ports: tuple[int, ...] = ()
    generator: bool = False
    unproven: bool = False

    @property
    def includes_drop_ins(self) -> bool:
        """Whether sshd_config reads its drop-in folder."""
        return any(d.keyword == "include" and "sshd_config.d/" in d.value and d.file == CONFIG for d in self.directives)

    @property
    def foreign_ports(self) -> dict[str, int]:
        """Ports that files of others set, by their place (``/etc/ssh/sshd_config:12``)."""
        found = {d.place: int(d.value) for d in self.lines("port") if d.value.isdigit()}
        for directive in self.lines("listenaddress"):
            port = re.match(r"(?:\[[^]]*\]|[^:\s]*):(\d+)(?:\s|$)", directive.value)
            if port:
                found[directive.place] = int(port[1])
        return found

    @property
    def other_ways_in(self) -> bool:
        """Whether keys may come from elsewhere than the user's own file."""
        return any(self.settings.get(name, "none") != "none" for name in ("authorizedkeyscommand", "trustedusercakeys"))

    def lines(self, keyword: str) -> list[Directive]:
        """The lines with this keyword in files that are not ours."""
        return [d for d in self.directives if d.keyword == keyword and d.file != DROP_IN]


class Sshd(FactBase[SshdState]):
    """sshd's effective configuration for one user, and what that user could log in with.

    Raw lines: ``T passwordauthentication no`` (``sshd -T``), ``L /etc/ssh/sshd_config:12:Include
    /etc/ssh/sshd_config.d/*.conf``, ``K 2``, ``A 3``, ``S [::]:22``, ``generator``, ``unproven``.
    """

    def command(self, user: str) -> str:
        """Ask sshd itself."""
        return _COMMAND.replace("@USER@", shlex.quote(user))

    def process(self, output: list[str]) -> SshdState:
        """Read it; a keyword that sshd prints twice counts with its first value, ports with all."""
        settings: dict[str, str] = {}
        ports: list[int] = []
        socket_ports: list[int] = []
        directives: list[Directive] = []
        errors: list[str] = []
        keys = anybodys = 0
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "T":
                keyword, _, value = rest.partition(" ")
                if keyword == "listenaddress":
                    ports.append(int(value.rpartition(":")[2]))
                elif keyword.islower() and keyword.isalnum():
                    settings.setdefault(keyword, value)
                else:
                    errors.append(rest)
            elif kind == "L":
                file, number, text = rest.split(":", 2)
                keyword, _, value = text.strip().replace("=", " ", 1).partition(" ")
                directives.append(Directive(file, int(number), keyword.lower(), value.strip()))
            elif kind == "K":
                keys += int(rest or 0)
            elif kind == "A":
                anybodys = int(rest)
            elif kind == "S":
                socket_ports.append(int(rest.rpartition(":")[2]))
        return SshdState(
            settings=settings,
            ports=tuple(dict.fromkeys(ports)),
            error="" if ports else "; ".join(errors),
            directives=tuple(directives),
            keys=keys,
            anybodys_keys=anybodys,
            socket_ports=tuple(dict.fromkeys(socket_ports)),
            generator="generator" in output,
            unproven="unproven" in output,
        )

"""The ssh program: the configuration that it gets, what it makes of it, and what it says when it cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

CONNECT_S = 10
ANSWER_S = 60
"""How long the first command may take, name look-up and key exchange included."""

Done = subprocess.CompletedProcess[str]


class NoAnswer(Exception):
    """ssh itself is not there, or does not come to an end."""


def configuration(wanted: Mapping[str, str], control: Path) -> str:
    """OpenSSH's configuration for one host: what was declared first, then whatever the user's own says besides.

    A jump host is reached by the same file: what is declared, and the one connection to be shared, are not its own.
    """
    own = {
        **{name: value for name, value in wanted.items() if name not in ("HostName", "Include")},
        **({"IdentitiesOnly": "yes"} if "IdentityFile" in wanted else {}),
        "ControlMaster": "auto",
        "ControlPath": str(control),
        "ControlPersist": "60",
    }
    everybodys = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_S),
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "3",
    }
    lines = [f"Host {wanted['HostName']}", *_lines(own), "Host *", *_lines(everybodys)]
    if "Include" in wanted:
        lines.append(f"Include {_quoted(wanted['Include'])}")
    return "\n".join(lines) + "\n"


def _lines(options: Mapping[str, str]) -> list[str]:
    return [f"    {name} {_quoted(value)}" for name, value in options.items()]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def run(config: Path, *arguments: str) -> Done:
    """One ssh, with this configuration. Raises `NoAnswer`."""
    command = ["ssh", "-F", str(config), *arguments]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=ANSWER_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise NoAnswer("the program ssh is not installed here (Debian package openssh-client)") from None
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"no answer in {ANSWER_S} s") from None


def settings(config: Path, name: str) -> dict[str, str]:
    """What ssh makes of the configuration for this host: option in lower case → value. Raises `NoAnswer`."""
    done = run(config, "-G", name)
    if done.returncode:
        raise NoAnswer(" ".join(said(done)))
    return dict(line.partition(" ")[::2] for line in done.stdout.splitlines())


def known_as(found: Mapping[str, str]) -> str:
    """The host's name in known_hosts, by ``settings``."""
    name, port = found["hostname"], found["port"]
    return found.get("hostkeyalias") or (name if port == "22" else f"[{name}]:{port}")


def is_closed(done: Done) -> bool:
    """Whether nobody listens at that port, as seen from here or from a jump host.

    What is said on the way through a jump host or a command is dropped by an ssh whose connection is to persist: then
    all that is left is that it ended before a server said who it is.
    """
    failed = ("ssh: connect to host", "open failed: connect failed", "Connection closed by UNKNOWN port 65535")
    return done.returncode == 255 and any(text in done.stderr for text in failed)


def says_nothing(done: Done) -> bool:
    """Whether that port did not even refuse: a firewall drops what comes, or there is no such machine."""
    return is_closed(done) and "timed out" in done.stderr


def shows_unknown_key(done: Done) -> bool:
    """Whether the host showed a key that no known_hosts file holds under its name."""
    return done.returncode == 255 and "host key is known for" in done.stderr


def shows_wrong_key(done: Done) -> bool:
    """Whether the host showed a key that is unknown or another than the known one."""
    return done.returncode == 255 and "Host key verification failed" in done.stderr


def said(done: Done) -> Sequence[str]:
    """What ssh said, its page about a changed host key cut down to what one needs to know."""
    return list(_telling(done.stderr))


def _telling(stderr: str) -> Iterator[str]:
    lines = [line.strip("@ \r") for line in stderr.splitlines() if line.strip("@ \r")]
    if not any("IDENTIFICATION HAS CHANGED" in line for line in lines):
        yield from lines
        return
    shown = next((word.rstrip(".") for line in lines for word in line.split() if word.startswith("SHA256:")), "another")
    yield f"the host key has CHANGED: it shows {shown}."
    yield "Either the machine was reinstalled, or somebody stands in between. If it was reinstalled:"
    yield from (line for line in lines if line.startswith("ssh-keygen"))

"""restic: how it is called, and what its errors mean."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from save.errors import NoRepository, Trouble
from save.places import CACHE
from save.plan import Plan

TAG = "rigwright"
LOCK_WAIT = "30m"
_VERSION = re.compile(r"^restic (\d+)\.(\d+)")
_WRONG_PASSWORD = "wrong password or no key found"
_NONE_THERE = "is there a repository at the following location?"
_MISSING = ("no such file or directory", "file does not exist", "does not exist", "not exist", "404")
_CANNOT_GET = (
    "connection refused",
    "no route",
    "permission denied",
    "timeout",
    "host key verification",
    "no such host",
)
_KEPT_LINES = 6


class Restic:
    """restic with a plan's repository. Secrets are in its environment, where root alone finds them."""

    def __init__(self, plan: Plan) -> None:
        self._repository = plan.repository
        options = ["-o", f"sftp.command={plan.ssh_command}"] if plan.ssh_command else []
        self._words = ["restic", *options]
        self._environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "HOME": "/root",
            "RESTIC_REPOSITORY": plan.repository,
            "RESTIC_CACHE_DIR": str(CACHE),
            "RESTIC_PROGRESS_FPS": "1",
            **plan.secrets,
        }

    def identity(self) -> str:
        """The repository's own name. Raises `NoRepository` where there is none, `Trouble` where it cannot be opened."""
        found: dict[str, Any] = json.loads(self.said("cat", "config"))
        return str(found["id"])

    def patience(self) -> list[str]:
        """Words by which restic waits for another host that has the repository locked; before 0.16 it knows none."""
        matched = _VERSION.match(self.said("version"))
        knows = matched is not None and (int(matched[1]), int(matched[2])) >= (0, 16)
        return ["--retry-lock", LOCK_WAIT] if knows else []

    def init(self) -> None:
        """Make one; restic itself refuses where anything of one is there."""
        self.said("init")

    def snapshots(self, host: str) -> list[dict[str, Any]]:
        """Of a host by that name, the oldest first, as restic has them."""
        found = json.loads(self.said("snapshots", "--json", "--no-lock", "--host", host, "--tag", TAG)) or []
        return sorted(found, key=lambda each: str(each["time"]))

    def said(self, *words: str) -> str:
        """Run it; what it printed. Raises `NoRepository` and `Trouble`."""
        done = subprocess.run(
            [*self._words, *words], env=self._environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            self._fail(words[0], done.returncode, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def messages(self, verb: str, *words: str, also: Sequence[int] = ()) -> Iterator[dict[str, Any]]:
        """Run it with ``--json``, and give what it says as it says it. ``also``: exit statuses that are no failure.

        Raises `NoRepository` and `Trouble` at its end.
        """
        with subprocess.Popen(
            [*self._words, verb, "--json", *words], env=self._environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            other: list[str] = []
            for line in process.stdout:
                message = _message(line)
                if message is None or message.get("message_type") == "exit_error":
                    other.append(line.decode("utf-8", "replace"))
                else:
                    yield message
        if process.returncode and process.returncode not in also:
            self._fail(verb, process.returncode, "".join(other))

    def shown(self, tell: Callable[[str], None], *words: str) -> None:
        """Run it, and pass on what it prints, line by line. Raises `NoRepository` and `Trouble`."""
        with subprocess.Popen(
            [*self._words, *words], env=self._environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.decode("utf-8", "replace").rstrip())
                if lines[-1]:
                    tell(lines[-1])
        if process.returncode:
            self._fail(words[0], process.returncode, "\n".join(lines))

    def _fail(self, verb: str, status: int, text: str) -> None:
        lines = [_plain(line.strip()) for line in text.splitlines() if line.strip()]
        told = "; ".join(lines[-_KEPT_LINES:]) or f"it ended with {status} and said nothing"
        low = text.lower()
        if status == 12 or _WRONG_PASSWORD in low:
            raise Trouble(
                f"{self._repository}: the repository is there and cannot be opened: wrong password (backup.password). "
                "Nothing was changed in it"
            )
        nothing = status == 10 or (_NONE_THERE in low and any(text in low for text in _MISSING))
        if nothing and not any(text in low for text in _CANNOT_GET):
            raise NoRepository(f"{self._repository}: there is no repository")
        raise Trouble(f"restic {verb}: {told}")


def _plain(line: str) -> str:
    """A line of an error; with ``--json`` restic 0.17 and later wrap it."""
    told = _message(line.encode())
    return str(told["message"]) if told is not None and "message" in told else line


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def pattern(path: str) -> str:
    """A path as a pattern that means it alone."""
    return "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in path)


def is_on(path: str) -> bool:
    """Whether something is mounted there."""
    return os.path.ismount(path)

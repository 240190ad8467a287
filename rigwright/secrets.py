"""Reading secrets where they are kept, on the machine that runs `rig`, at the moment they are needed."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from pathlib import Path

from rigwright.spec.secret import Secret

COMMAND_TIMEOUT_S = 60
"""How long a command may take to print its secret; it may ask for a passphrase in a window of its own."""


_running: dict[tuple[str, ...], threading.Lock] = {}
_printed: dict[tuple[str, ...], str] = {}


class SecretUnreadable(Exception):
    """A secret could not be read; the text names the source, and never what it holds."""


def read_secret(secret: Secret) -> str:
    """The secret: the variable, the file without its last line break, or the first line that the command prints.

    A command runs once a process: it may ask somebody for a passphrase. What it printed stays in memory alone.

    Raises `SecretUnreadable` where there is none, where it is empty, and where others may read the file.
    """
    if secret.env is not None:
        return _some(os.environ.get(secret.env, ""), f"environment variable {secret.env} is not set")
    if secret.file is not None:
        return _from_file(Path(secret.file).expanduser())
    assert secret.command is not None, "exactly one source"
    command = tuple(secret.command)
    # Made when it is needed: hosts that are worked on side by side share one thread, and a lock from before the engine
    # saw to that would stop them all.
    with _running.setdefault(command, threading.Lock()):
        if command not in _printed:
            _printed[command] = _from_command(secret.command)
        return _printed[command]


def _from_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretUnreadable(
                f"{path} holds a secret, and others than its owner may read it (mode {stat.S_IMODE(mode):o}): "
                f"chmod 600 {path}"
            )
        text = path.read_text()
    except OSError as error:
        raise SecretUnreadable(f"cannot read the secret in {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without its cause: that one holds the bytes.
        raise SecretUnreadable(f"the secret in {path} is not UTF-8 text") from None
    return _some(text.rstrip("\r\n"), f"{path} is empty")


def _from_command(command: list[str]) -> str:
    shown = command[0]  # its arguments may be nobody's business
    try:
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False)
    except OSError as error:
        raise SecretUnreadable(f"cannot run {shown} for a secret: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SecretUnreadable(f"{shown} printed no secret within {COMMAND_TIMEOUT_S} s") from error
    if done.returncode != 0:
        said = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise SecretUnreadable(f"{shown} failed ({done.returncode}) instead of printing a secret: {said}")
    try:
        first = done.stdout.partition(b"\n")[0].decode("utf-8")
    except UnicodeDecodeError:
        # Without its cause: that one holds the bytes.
        raise SecretUnreadable(f"what {shown} printed is not UTF-8 text") from None
    return _some(first.rstrip("\r"), f"{shown} printed an empty first line")


def _some(value: str, otherwise: str) -> str:
    if not value:
        raise SecretUnreadable(f"no secret: {otherwise}")
    return value

"""Commands in a running host past its sshd: for preparing it and for looking at it."""

from __future__ import annotations

import subprocess

from sim import programs

_CLEAN = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]


def run_inside(
    pid: int, command: str, *, user: str, input: str, timeout: float | None
) -> subprocess.CompletedProcess[str]:
    """Runs a shell command in the namespaces of `pid`, the host's PID 1, as `user`, in a clean environment."""
    enter = [programs.find("nsenter"), "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
    home = "/root" if user == "root" else f"/home/{user}"
    become = [] if user == "root" else ["runuser", "-u", user, "--"]
    argv = [*enter, *_CLEAN, f"HOME={home}", f"USER={user}", *become, "/bin/sh", "-c", command]
    return subprocess.run(
        argv, input=input, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
    )


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The last line that a command said, for a message of one line."""
    return (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]


def brief(command: str) -> str:
    """A command as a message of one line can hold it."""
    line = " ".join(command.split())
    return repr(line if len(line) <= 80 else f"{line[:77]}...")

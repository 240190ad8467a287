"""The process that stands beside each host: boots it, boots it again when it reboots, and ends it with its owner.

Started as `python -m sim.host.supervisor FOLDER`, in a session of its own, so that an interrupt at the terminal reaches
the owner first.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from sim import programs
from sim.host import cgroup, shields
from sim.host.record import Process, Record, load

REBOOT = 133
"""nspawn's exit status when the host rebooted: with --keep-unit it leaves starting it again to who started it."""


class _Stopped(Exception):
    pass


def supervise(folder: Path) -> None:
    """Runs the host of `folder` until it powers off, is killed, or its owner ends (then it is taken down whole)."""
    record = load(folder)
    while True:
        record.network.up()
        status = _boot(record)
        (folder / "nspawn.json").unlink(missing_ok=True)
        if record.owner is not None and not record.owner.alive:
            record.tear_down()
            return
        if status != REBOOT:
            return


def _boot(record: Record) -> int:
    group = cgroup.create(record.token)
    shields.prepare(_stage(record), record.gpus)
    # The shell joins the group first, so that nspawn makes the host's groups below it.
    command = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group), *nspawn_command(record)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=_environment())
    Process.of(child.pid).save(record.folder / "nspawn.json")
    waiting = select.poll()
    waiting.register(os.pidfd_open(child.pid), select.POLLIN)
    if record.owner is not None and record.owner.alive:
        waiting.register(os.pidfd_open(record.owner.pid), select.POLLIN)
    with contextlib.suppress(_Stopped):
        waiting.poll()
    if child.poll() is None:
        cgroup.remove(record.token)
    return child.wait()


def nspawn_command(record: Record) -> list[str]:
    """The command line that boots the host."""
    return [
        programs.find("systemd-nspawn"),
        "--quiet",
        f"--directory={record.disk}/merged",
        "--register=no",
        "--keep-unit",
        f"--machine=rigsim-{record.token}",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=read-only",
        # What container engines in the host need beyond what nspawn gives.
        "--capability=all",
        "--system-call-filter=add_key keyctl bpf",
        f"--network-namespace-path=/run/netns/{record.network.namespace}",
        f"--bind={_stage(record)}:{shields.STAGE}",
        *record.nspawn_arguments,
        f"/{shields.INIT}",
    ]


def _stage(record: Record) -> Path:
    return record.folder / "stage"


def _environment() -> dict[str, str]:
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        # The host shares this machine's kernel: of its settings only those of its own network may be changed in it.
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    }


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    supervise(Path(sys.argv[1]))

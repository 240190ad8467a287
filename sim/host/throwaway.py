"""A throw-away host: a real Debian with systemd, sshd and apt that is there in a second and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from sim import programs
from sim.errors import SimulationError
from sim.gpu import installation
from sim.gpu.model import INSTALLED, Gpu
from sim.host import cgroup
from sim.host.disk import VOLUMES
from sim.host.handle import Handle
from sim.host.identity import give_identity
from sim.host.record import Process, enter, hosts_dir, load, sweep
from sim.host.root import Root, bare_root
from sim.host.shields import install_init

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]

# nspawn says so at its end wherever /run is no tmpfs, and goes on.
_ASIDE = "Attempted to remove disk file system under"


class ThrowawayHost(Handle):
    """One host. As a context manager it runs inside the `with`, and is gone after it, whatever happened.

    `name` is its host name; `id`, unique on this machine, is made from it unless given. `root` is the file system that
    it starts from (by default the bare `release`). `gpus` are simulated ones, under a driver of `driver_version` (see
    `sim.gpu.model.configuration`). `disk` limits what it may write (`300M`). `sudo` gives the ordinary
    user `admin` root's rights without a password. A host with `owned` ends with this process even if that is killed;
    without, it stays until it is taken down.
    """

    def __init__(
        self,
        name: str = "basement",
        release: str = "trixie",
        *,
        root: Root | None = None,
        id: str | None = None,
        gpus: Sequence[Gpu] = (),
        driver_version: str = INSTALLED,
        disk: str | None = None,
        sudo: bool = True,
        owned: bool = True,
    ) -> None:
        super().__init__()
        self.name = name
        self.release = root.release if root else release
        self._given_root = root
        self._id = id
        self._gpus = list(gpus)
        self._driver_version = driver_version
        self._size = disk
        self._sudo = sudo
        self._owned = owned

    def __enter__(self) -> ThrowawayHost:
        self.create()
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.destroy()

    # Its life

    def create(self) -> None:
        """Lays its disk and enters it in the machine's list; it does not run yet."""
        programs.require_root("a throw-away host")
        programs.require("systemd-nspawn", "ip", "nft", "nsenter", "ssh-keygen")
        sweep()
        root = self._given_root or bare_root(self.release)
        owner = Process.of(os.getpid()) if self._owned else None
        self._record = enter(self.name, self.release, id=self._id, gpus=self._gpus, owner=owner)
        try:
            self.disk.create(root, size=self._size)
            install_init(self.root)
            if self._gpus:
                installation.install(self.root, self._gpus, driver_version=self._driver_version)
            self.record.nspawn_arguments = [
                f"--bind={self.disk.volumes / name}:{path}" for name, path in VOLUMES.items()
            ]
            give_identity(self.root, self.record.folder, name=self.name, address=self.address, sudo=self._sudo)
            self.record.save()
        except BaseException:
            self.destroy()
            raise

    def start(self, timeout: float = 60) -> None:
        """Boots it on the disk as it is, and waits until it is up. Raises SimulationError with its log's last line."""
        if self.running:
            return
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "sim.host.supervisor", str(self.record.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(_PACKAGE_PARENT)},
            )
        self.record.supervisor = Process.of(child.pid)
        self.record.save()
        self._await_up(timeout, child)

    def kill(self) -> None:
        """Ends every process of the host at once, as a power cut. `start` boots it again on the same disk."""
        cgroup.remove(self.record.token)
        self._await_supervisor()

    def power_off(self) -> None:
        """Shuts it down in good order."""
        if self.running:
            os.kill(self.pid, signal.SIGRTMIN + 4)  # systemd: start poweroff.target
        self._await_supervisor()

    def reboot(self, timeout: float = 60) -> None:
        """Reboots it as `systemctl reboot` does, and waits until it is up again, by its boot id."""
        before = self.boot_id()
        self.run("systemctl reboot", check=False)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.running and self.answers() and self.boot_id() not in ("", before):
                self._await_up(timeout)
                return
            time.sleep(0.05)
        raise SimulationError(f"host {self.id} is not back from its reboot in {timeout:.0f} s: {self._last_words()}")

    def destroy(self) -> None:
        """Ends it and removes all of it. Safe to do twice, and on a host that never started."""
        if self._record is not None:
            supervisor = self._record.supervisor
            self._record.tear_down()
            if supervisor is not None:
                _reap(supervisor.pid)

    # Inside

    def _await_up(self, timeout: float, supervisor: subprocess.Popen[bytes] | None = None) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if supervisor is not None and supervisor.poll() is not None:
                raise SimulationError(f"host {self.id} did not start: {self._last_words()}")
            if self.running and self.answers():
                self.run("systemctl is-system-running --wait", check=False, timeout=timeout)
                return
            time.sleep(0.03)
        raise SimulationError(f"host {self.id} does not answer on port 22 after {timeout:.0f} s: {self._last_words()}")

    def _await_supervisor(self, timeout: float = 90) -> None:
        supervisor = self.record.supervisor
        deadline = time.monotonic() + timeout
        while supervisor is not None and supervisor.alive:
            if time.monotonic() > deadline:
                raise SimulationError(f"host {self.id} is still running after {timeout:.0f} s")
            time.sleep(0.02)
        if supervisor is not None:
            _reap(supervisor.pid)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        lines = [line for line in lines if line and not line.startswith(_ASIDE)]
        return lines[-1] if lines else "its log is empty"


def existing(id: str) -> ThrowawayHost:
    """The host of that id that another process made. Raises SimulationError when there is none."""
    folder = hosts_dir() / id
    if not (folder / "record.json").exists():
        raise SimulationError(f"no host {id}: python -m sim list")
    record = load(folder)
    host = ThrowawayHost(record.name, record.release, id=id)
    host._record = record
    return host


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return  # started by another process, or reaped already

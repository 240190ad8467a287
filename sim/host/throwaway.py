"""A throw-away host: a real Debian with systemd, sshd and apt that is there in a second and leaves nothing behind."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from sim import programs
from sim.cache import locked
from sim.errors import SimulationError
from sim.gpu import installation
from sim.gpu.model import INSTALLED, Gpu
from sim.host import cgroup
from sim.host.disk import VOLUMES, Disk
from sim.host.identity import Access, give_identity
from sim.host.network import free_index
from sim.host.record import Process, Record, disks_dir, hosts_dir, load, machine_boot, records, registry_lock, sweep
from sim.host.root import Root, bare_root
from sim.host.shields import install_init

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_CLEAN = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]


# nspawn says so at its end wherever /run is no tmpfs, and goes on.
_ASIDE = "Attempted to remove disk file system under"


class ThrowawayHost:
    """One host. As a context manager it runs inside the `with`, and is gone after it, whatever happened.

    `name` is its host name; `id`, unique on this machine, is made from it unless given. `root` is the file system that
    it starts from (by default the bare `release`). `gpus` are simulated ones, under a driver of `driver_version` (see
    `sim.gpu.model.configuration`). `disk` limits what it may write (`300M`). `sudo` gives the ordinary
    user `admin` root's rights without a password. A host with `owned` ends with this process even if that is killed;
    without, it stays until it is taken down.
    """

    ssh_port = 22
    ssh_user = "root"

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
        self.name = name
        self.release = root.release if root else release
        self._given_root = root
        self._id = id
        self._gpus = list(gpus)
        self._driver_version = driver_version
        self._size = disk
        self._sudo = sudo
        self._owned = owned
        self._record: Record | None = None
        self._access: Access | None = None

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

    # What it is

    @property
    def id(self) -> str:
        """What it is called on this machine, in `list` and `down`."""
        return self.record.id

    @property
    def record(self) -> Record:
        """What the machine knows of it. Raises SimulationError before `create`."""
        if self._record is None:
            raise SimulationError(f"host {self.name} has not been created")
        return self._record

    @property
    def address(self) -> str:
        """Its IPv4 address, reached from this machine only."""
        return self.record.network.address

    @property
    def ssh_key(self) -> Path:
        """A private key that opens `root` and `admin`."""
        return self.record.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host's true keys, under its address and its name."""
        return self.record.folder / "known_hosts"

    @property
    def root(self) -> Path:
        """Its root file system as this machine sees it. Writable, running or not."""
        return self.disk.merged

    @property
    def disk(self) -> Disk:
        """Where its files are."""
        return Disk(Path(self.record.disk))

    @property
    def log(self) -> Path:
        """What its console and its supervisor said."""
        return self.record.folder / "console.log"

    @property
    def pid(self) -> int:
        """The process on this machine that is the host's PID 1. Raises SimulationError when the host is not running."""
        try:
            nspawn = Process.load(self.record.folder / "nspawn.json")
            children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        except FileNotFoundError:
            raise SimulationError(f"host {self.id} is not running") from None
        if not nspawn.alive or not children:
            raise SimulationError(f"host {self.id} is not running")
        return int(children[0])

    @property
    def running(self) -> bool:
        """Whether it has a PID 1."""
        try:
            return self.pid > 0
        except SimulationError:
            return False

    # Its life

    def create(self) -> None:
        """Lays its disk and enters it in the machine's list; it does not run yet."""
        programs.require_root("a throw-away host")
        programs.require("systemd-nspawn", "ip", "nft", "nsenter", "ssh-keygen")
        sweep()
        root = self._given_root or bare_root(self.release)
        self._record = self._enter()
        try:
            self.disk.create(root, size=self._size)
            install_init(self.root)
            if self._gpus:
                installation.install(self.root, self._gpus, driver_version=self._driver_version)
            self.record.nspawn_arguments = [
                f"--bind={self.disk.volumes / name}:{path}" for name, path in VOLUMES.items()
            ]
            self._access = give_identity(
                self.root, self.record.folder, name=self.name, address=self.address, sudo=self._sudo
            )
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

    # Entering it

    def run(
        self,
        command: str,
        *,
        user: str = "root",
        check: bool = True,
        input: str = "",
        timeout: float | None = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell command in the host past its sshd, for preparing and looking at it.

        Raises SimulationError with the last line that it said when it fails and `check` is set.
        """
        enter = [programs.find("nsenter"), "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        home = "/root" if user == "root" else f"/home/{user}"
        become = [] if user == "root" else ["runuser", "-u", user, "--"]
        argv = [*enter, *_CLEAN, f"HOME={home}", f"USER={user}", *become, "/bin/sh", "-c", command]
        done = subprocess.run(
            argv, input=input, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
        if check and done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
            raise SimulationError(f"in host {self.id}: {_brief(command)} failed ({done.returncode}): {said}")
        return done

    def ssh_options(self) -> dict[str, str]:
        """OpenSSH options, name → value, that reach this host and no other."""
        return {
            "HostName": self.address,
            "Port": str(self.ssh_port),
            "IdentityFile": str(self.ssh_key),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
        }

    def ssh_args(self, user: str = ssh_user) -> list[str]:
        """The command line of an ssh into the host, to which a command may be added."""
        options = [word for name, value in self.ssh_options().items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "/dev/null", *options, "-l", user, self.name]

    def write_ssh_config(self, path: Path, user: str = ssh_user) -> Path:
        """Writes an ssh_config in which the host is known by its name; gives `path`."""
        lines = [f"Host {self.name}", f"    User {user}", *(f"    {k} {v}" for k, v in self.ssh_options().items())]
        path.write_text("\n".join(lines) + "\n")
        return path

    def boot_id(self) -> str:
        """The id of its present boot; empty while it is going down."""
        try:
            return self.run("cat /proc/sys/kernel/random/boot_id", check=False).stdout.strip()
        except SimulationError:
            return ""

    # Troubles for tests

    def cut_outbound(self, *, hang: bool = False) -> None:
        """Takes away all that lies beyond this machine, the mirror too: refused at once, or without any answer."""
        self.record.network.cut_outbound("drop" if hang else "reject")

    def restore_outbound(self) -> None:
        """Undoes `cut_outbound`."""
        self.record.network.restore_outbound()

    def unplug(self) -> None:
        """Pulls its network cable: nothing reaches it, this machine neither."""
        self.record.network.set_link("down")

    def plug(self) -> None:
        """Undoes `unplug`."""
        self.record.network.set_link("up")

    # Inside

    def _enter(self) -> Record:
        with locked(registry_lock()):
            present = records()
            taken = {record.id for record in present}
            if self._id is not None and self._id in taken:
                raise SimulationError(f"a host {self._id} is already there: python -m sim down {self._id}")
            token = secrets.token_hex(3)
            id = self._id or f"{self.name}-{token}"
            record = Record(
                id=id,
                name=self.name,
                release=self.release,
                token=token,
                gpus=self._gpus,
                index=free_index({record.index for record in present}),
                disk=str(disks_dir() / f"{self.name}-{token}"),
                owner=Process.of(os.getpid()) if self._owned else None,
                machine_boot=machine_boot(),
            )
            record.save()
        return record

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

    def answers(self) -> bool:
        """Whether an SSH server answers at its address within a second."""
        try:
            with socket.create_connection((self.address, self.ssh_port), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

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


def _brief(command: str) -> str:
    """A command as a one-line message can hold it."""
    line = " ".join(command.split())
    return repr(line if len(line) <= 80 else f"{line[:77]}...")


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return  # started by another process, or reaped already

"""A whole throw-away machine: a kernel, a bootloader, disks and reboots of its own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from sim import programs
from sim.errors import SimulationError
from sim.host.inside import brief, last_words
from sim.host.reachable import Reachable
from sim.host.record import Process
from sim.vm import monitor
from sim.vm.accelerator import accelerator
from sim.vm.hardware import VARIABLES, Bus, Drive, Firmware, Hardware, Kernel, arguments
from sim.vm.image import Image
from sim.vm.ports import free_ports
from sim.vm.record import Record, enter
from sim.vm.tools import tools

SSH = 22


@dataclass(frozen=True)
class Disk:
    """A blank disk in the machine. `serial`: what its maker wrote into it (at most 20 characters)."""

    serial: str
    size_gib: float = 8
    bus: Bus = "virtio"


@dataclass(frozen=True)
class Shape:
    """What a machine is but for what is on its disks."""

    disks: tuple[Disk, ...] = ()
    firmware: Firmware = "bios"
    memory_mib: int = 2048
    cpus: int = 2
    durable: bool = False
    ports: tuple[int, ...] = field(default=())


class Machine(Reachable):
    """One machine. As a context manager it runs inside the `with`, and is gone after it, and with this process.

    `image` is what is installed on its first disk, which has the serial `SYSTEM`; none for a machine without. `disks`
    are blank ones behind it. `kernel` is started in place of a bootloader. `ports`: of the machine, reached here as
    `port(80)`. With `durable` disks, what the guest has flushed outlives a `kill`, as in a power cut, and nothing else
    does for certain. `resumed`: it wakes up as it was after its first boot, in seconds, where such a state was saved.
    `in_place` writes the image itself.
    """

    def __init__(
        self,
        image: Image | None = None,
        *,
        name: str | None = None,
        disks: Sequence[Disk] = (),
        kernel: Kernel | None = None,
        firmware: Firmware = "bios",
        memory_mib: int = 2048,
        cpus: int = 2,
        ports: Sequence[int] = (),
        durable: bool = False,
        resumed: bool = True,
        in_place: bool = False,
    ) -> None:
        self.image = image
        self.name = name or (image.name if image else "machine")
        self.kernel = kernel
        self.shape = Shape(tuple(disks), firmware, memory_mib, cpus, durable, tuple(ports))
        self.medium_in = image is not None
        """Whether the image's disk is in the machine: taken out, the next start is without it."""
        self.pulled: set[str] = set()
        """Serial numbers of the disks that the next start is without."""
        self._resumed = resumed and image is not None and kernel is None
        self._in_place = in_place
        self._record: Record | None = None
        self._forwarded: dict[int, int] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._key: Path | None = image.ssh_key if image else None
        self._host_keys: list[str] = image.host_keys if image else []

    def __enter__(self) -> Machine:
        self.create()
        try:
            self.first_start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.destroy()

    # What it is

    @property
    def record(self) -> Record:
        """Where its files are. Raises SimulationError before `create`."""
        if self._record is None:
            raise SimulationError(f"machine {self.name} has not been created")
        return self._record

    @property
    def id(self) -> str:
        """What it is called on this machine, unlike any other."""
        return self.record.folder.name

    @property
    def address(self) -> str:
        """This machine's own: QEMU listens here for it."""
        return "127.0.0.1"

    @property
    def ssh_key(self) -> Path:
        """A private key that opens its users. Raises SimulationError for a machine that nobody gave one."""
        if self._key is None:
            raise SimulationError(f"nobody has a key of machine {self.name}: opened_by says which")
        return self._key

    @property
    def known_hosts(self) -> Path:
        """Its true keys, under the address and port that it is reached by, and under its name."""
        return self.record.folder / "known_hosts"

    @property
    def log(self) -> Path:
        """What its console said, over all boots."""
        return self.record.folder / "console.log"

    @property
    def running(self) -> bool:
        """Whether its power is on."""
        return self._child is not None and self._child.poll() is None

    def port(self, there: int) -> int:
        """The port of 127.0.0.1 on this machine that leads to a port of the machine."""
        return self._forwarded[there]

    def disk_file(self, serial: str) -> Path:
        """The image of the blank disk of that serial."""
        return self.record.disks / f"{serial}.qcow2"

    def opened_by(self, key: Path, host_keys: Sequence[str]) -> None:
        """From now on it is entered by this private key, and has these public keys (`KIND KEY`)."""
        self._key, self._host_keys = key, list(host_keys)
        self._write_known_hosts()

    # Its life

    def create(self) -> None:
        """Makes its disks and its place; it does not run yet."""
        from sim.vm.saved import saved_state  # noqa: PLC0415  # a state is saved from a machine

        programs.require_root("a whole machine")
        programs.require("setpriv", "unshare")
        saved = saved_state(self.image, self.shape) if self._resumed and self.image else None
        self._record = enter(self.name)
        try:
            self._forwarded = dict(zip((SSH, *self.shape.ports), free_ports(1 + len(self.shape.ports)), strict=True))
            self.ssh_port = self._forwarded[SSH]
            self._write_known_hosts()
            if self.image is not None and not self._in_place:
                self._lay(
                    self._system, saved.disk if saved else self.image.disk, "qcow2" if saved else self.image.format
                )
            for disk in self.shape.disks:
                _blank(self.disk_file(disk.serial), disk.size_gib)
            if self.shape.firmware == "uefi":
                source = saved.variables if saved else tools().file(VARIABLES)
                shutil.copyfile(source, self.record.folder / "variables.fd")
            self._saved = saved
        except BaseException:
            self.destroy()
            raise

    def first_start(self, timeout: float = 300) -> None:
        """Starts it, or wakes it where a state was saved, and waits until it is up where it has a system."""
        if self._saved is None:
            self.start(timeout)
            return
        self._power_on(["-incoming", f"file:{tools().at(self._saved.state)}"])
        monitor.await_state(self._socket)
        self.run(f"date --utc --set=@{time.time():.0f} && systemctl restart systemd-networkd", timeout=60)

    def start(self, timeout: float = 300, *, await_up: bool = True) -> None:
        """Boots it from its disks as they are, and waits until it is up. Raises SimulationError with its last words."""
        if self.running:
            return
        self._power_on([])
        if await_up and self._key is not None:
            self._await_up(timeout)

    def kill(self) -> None:
        """Ends QEMU at once, as a power cut. `start` boots it again from the same disks."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def power_off(self, timeout: float = 180) -> None:
        """Shuts it down in good order."""
        if self.running:
            self.run("systemctl poweroff", check=False)
        self.await_off(timeout)

    def await_off(self, timeout: float) -> None:
        """Waits until it has switched itself off."""
        if self._child is None:
            return
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise SimulationError(
                f"machine {self.name} is still on after {timeout:.0f} s: {self.last_words()}"
            ) from None

    def reboot(self, timeout: float = 300) -> None:
        """Reboots it as `systemctl reboot` does, and waits until it is up again, by its boot id."""
        before = self.boot_id()
        self.run("systemctl reboot", check=False)
        self.await_reboot(before, timeout)

    def await_reboot(self, before: str, timeout: float = 300) -> None:
        """Waits until it is up in another boot than the one of the id `before`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running:
                raise SimulationError(f"machine {self.name} is off: {self.last_words()}")
            if self.answers() and self.boot_id() not in ("", before):
                self._await_up(timeout)
                return
            time.sleep(0.5)
        raise SimulationError(f"machine {self.name} is not back in {timeout:.0f} s: {self.last_words()}")

    def unplug(self) -> None:
        """Pulls its network cable."""
        monitor.ask(self._socket, "set_link", {"name": "nic0", "up": False})

    def plug(self) -> None:
        """Undoes `unplug`."""
        monitor.ask(self._socket, "set_link", {"name": "nic0", "up": True})

    def save_state(self, file: Path) -> None:
        """Writes down its memory, for another to wake up from, and ends it."""
        self.run("sync")
        monitor.save_state(self._socket, tools().at(file.parent) + f"/{file.name}")
        self.kill()

    def destroy(self) -> None:
        """Ends it and removes all of it. Safe to do twice, and on a machine that never started."""
        self.kill()
        if self._record is not None:
            self._record.remove()

    # Inside

    def run(
        self,
        command: str,
        *,
        user: str = "root",
        check: bool = True,
        input: str = "",
        timeout: float | None = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell command in it by SSH.

        Raises SimulationError with the last line that it said when it fails and `check` is set.
        """
        argv = [*self.ssh_args(user), command]
        try:
            done = subprocess.run(
                argv, input=input, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise SimulationError(f"in machine {self.name}: {brief(command)} takes over {timeout} s") from None
        if check and done.returncode != 0:
            said = last_words(done)
            raise SimulationError(f"in machine {self.name}: {brief(command)} failed ({done.returncode}): {said}")
        return done

    def ssh_options(self) -> Mapping[str, str]:
        """OpenSSH options that reach this machine; a connection is given up on where it has been dead for a minute."""
        return {
            **super().ssh_options(),
            "ConnectTimeout": "15",
            "ServerAliveInterval": "10",
            "ServerAliveCountMax": "6",
        }

    def last_words(self) -> str:
        """The last line on its console, and of what QEMU said of it."""
        lines = [*_lines(self.record.folder / "qemu.log")[-1:], *_lines(self.log)[-1:]]
        return "; ".join(lines) or "its console is empty"

    @property
    def _socket(self) -> Path:
        return self.record.folder / "monitor"

    @property
    def _system(self) -> Path:
        return self.record.disks / "system.qcow2"

    def _drives(self) -> list[Drive]:
        found = []
        if self.image is not None and self.medium_in:
            file = self.image.disk if self._in_place else self._system
            kind = self.image.format if self._in_place else "qcow2"
            found.append(Drive(file, "SYSTEM", kind, durable=self.shape.durable))
        for disk in self.shape.disks:
            if disk.serial in self.pulled:
                continue
            found.append(Drive(self.disk_file(disk.serial), disk.serial, bus=disk.bus, durable=self.shape.durable))
        return found

    def _power_on(self, more: Sequence[str]) -> None:
        hardware = Hardware(self.shape.memory_mib, self.shape.cpus, self.shape.firmware, self._forwarded)
        words = ["qemu-system-x86_64", *accelerator()]
        words += arguments(tools(), hardware, self._drives(), self.record.folder, self.kernel)
        # The kernel ends QEMU with this process, however that ends.
        argv = [programs.find("setpriv"), "--pdeathsig", "KILL", "--", *tools().argv([*words, *more])]
        said = self.record.folder / "qemu.log"
        with said.open("ab") as log:
            self._child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        Process.of(self._child.pid).save(self.record.folder / "qemu.json")
        deadline = time.monotonic() + 30
        while not self._socket.exists():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise SimulationError(f"QEMU of machine {self.name} did not start: {said.read_text().strip()}")
            time.sleep(0.02)

    def _await_up(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        answered = False
        while time.monotonic() < deadline:
            if not self.running:
                raise SimulationError(f"machine {self.name} is off: {self.last_words()}")
            # Its sshd answers before it lets anybody in; it counts who comes and says nothing, or too early, and turns
            # his address away for a while.
            answered = answered or self.answers()
            if answered and self._lets_in(timeout):
                return
            time.sleep(1 if answered else 0.3)
        raise SimulationError(f"machine {self.name} does not answer after {timeout:.0f} s: {self.last_words()}")

    def _lets_in(self, timeout: float) -> bool:
        """Whether it has booted, and lets us in more than once."""
        state = self.run("systemctl is-system-running --wait", check=False, timeout=timeout).stdout
        return bool(state) and all(self.run("true", check=False, timeout=timeout).returncode == 0 for _ in range(2))

    def _write_known_hosts(self) -> None:
        names = f"[{self.address}]:{self.ssh_port},{self.name},[{self.name}]:{self.ssh_port}"
        self.known_hosts.write_text("".join(f"{names} {key}\n" for key in self._host_keys))

    def _lay(self, file: Path, base: Path, kind: str) -> None:
        words = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", tools().at(base), "-F", kind]
        tools().run([*words, tools().at(file)])


def _lines(file: Path) -> list[str]:
    text = file.read_text(errors="replace") if file.exists() else ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _blank(file: Path, size_gib: float) -> None:
    tools().run(["qemu-img", "create", "-q", "-f", "qcow2", tools().at(file), f"{size_gib * 1024:.0f}M"])

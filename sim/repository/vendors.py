"""The stand-in repositories of the vendors, as tests and `rig try` use them."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sim import programs
from sim.cache import locked
from sim.errors import SimulationError
from sim.host.reachable import Reachable
from sim.host.record import Process, machine_boot, registry_lock
from sim.hub import ollama, shelf
from sim.registry import archives
from sim.registry import shelf as registry
from sim.registry.image import Image
from sim.repository import container_toolkit, docker, driver, nvidia
from sim.repository.archive import Archive, publish, sign_as_other
from sim.repository.keys import Key, key
from sim.repository.network import free_address
from sim.repository.record import Answers, Record, records, sweep, write_answers

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
HUB = "hub"
OLLAMA_REGISTRY = "ollama-registry"
ARCHIVES = "archives"


@dataclass(frozen=True)
class _Served:
    """A repository: its path, what is in it, who signs it, and the paths at which that key is offered."""

    path: str
    archive: Archive
    key: Key
    key_files: Sequence[str]


class VendorRepositories:
    """NVIDIA's, its container toolkit's and Docker's repositories, the Hub and the Ollama registry, for such hosts.

    As a context manager they are served inside the `with`; with `owned` they end with this process even if that is
    killed. `drivers` are the driver versions that NVIDIA's has; `broken_dkms` adds one whose modules do not compile.
    `docker` are the releases, by codename, that Docker's is wanted for: the first time that takes half a minute.
    `images`: names of `sim.registry.recipes`, which registries' names then lead to; half a minute each, the first time.
    `native`: with an archive of llama.cpp, as its makers would pack it.
    """

    def __init__(
        self,
        *,
        drivers: Sequence[str] = driver.VERSIONS,
        broken_dkms: bool = False,
        docker: Sequence[str] = (),
        images: Sequence[str] = (),
        native: bool = False,
        owned: bool = True,
    ) -> None:
        self._docker = tuple(docker)
        self._images = tuple(images)
        self._native = native
        self._served_images: list[Image] = []
        self._drivers = (*drivers, *([driver.BROKEN] if broken_dkms else []))
        self._owned = owned
        self._record: Record | None = None
        self._date = 0

    def __enter__(self) -> VendorRepositories:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Builds what is not in the cache yet (some seconds, once) and serves."""
        programs.require_root("a repository server")
        programs.require("apt-ftparchive", "cc", "dpkg-deb", "gpg", "ip", "nft")
        sweep()
        try:
            # One at a time, so that no two take one address.
            with locked(registry_lock()):
                self._record = self._enter()
                self._record.network.up()
            self._publish()
            if self._images:
                self._served_images = registry.publish(self._running.folder, self._images)
            self._serve()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it and removes all of it; what was built stays in the cache. Safe to do twice."""
        record, self._record = self._record, None
        if record is None:
            return
        server = record.server
        if server is not None and server.pid == os.getpid():
            record.server = None
        record.tear_down()
        if server is not None and server.pid != os.getpid():
            _reap(server.pid)

    def leave_with(self, host: str) -> None:
        """Has them end with the host of that id, when that is taken down. For those that no process owns."""
        self._running.host = host
        self._running.save()

    # What a declaration needs

    @property
    def address(self) -> str:
        """The address that it answers on."""
        return self._running.address

    def nvidia_url(self, release: str) -> str:
        """NVIDIA's repository for a release by its codename."""
        return f"http://{self.address}/{nvidia.PATH}/{_place(release).directory}/x86_64"

    @property
    def nvidia_fingerprint(self) -> str:
        """Of the key that signs NVIDIA's."""
        return key("nvidia").fingerprint

    @property
    def toolkit_url(self) -> str:
        """The container toolkit's repository, the same for every release."""
        return f"http://{self.address}/{container_toolkit.PATH}/stable/deb/amd64"

    @property
    def toolkit_fingerprint(self) -> str:
        """Of the key that signs the container toolkit's."""
        return key("toolkit").fingerprint

    def docker_url(self, release: str) -> str:
        """Docker's repository. Raises SimulationError unless `docker` named the release."""
        if release not in self._docker:
            raise SimulationError(f"Docker's repository was not asked for: VendorRepositories(docker=[{release!r}])")
        return f"http://{self.address}/{docker.PATH}"

    @property
    def docker_fingerprint(self) -> str:
        """Of the key that signs Docker's."""
        return key("docker").fingerprint

    def declaration(self, release: str) -> dict[str, dict[str, object]]:
        """The keys of a rig that lead to these repositories, for a host of that release."""
        engine: dict[str, object] = {}
        if release in self._docker:
            engine = {"repository_url": self.docker_url(release), "repository_fingerprint": self.docker_fingerprint}
        return {
            "driver": {
                "repository_url": self.nvidia_url(release),
                "repository_fingerprint": self.nvidia_fingerprint,
            },
            "containers": {
                **engine,
                "toolkit": {
                    "repository_url": self.toolkit_url,
                    "repository_fingerprint": self.toolkit_fingerprint,
                },
            },
            "models": {"endpoint": self.hub_url, "ollama_registry": self.ollama_registry_url},
        }

    @property
    def hub_url(self) -> str:
        """The stand-in for the Hugging Face Hub, with tiny models."""
        return f"http://{self.address}/{HUB}"

    @property
    def ollama_registry_url(self) -> str:
        """The stand-in for the Ollama registry, with the same ones."""
        return f"http://{self.address}/{OLLAMA_REGISTRY}"

    def images(self) -> dict[str, str]:
        """What images.lock says of the images: name with its tag → digest."""
        return {each.name: each.digest for each in self._served_images}

    def registries_for(self, host: Reachable) -> None:
        """Has the host reach the images under their own names."""
        if self._served_images:
            registry.send_there(host, self._running.folder, self.address, self._served_images)

    def llama_cpp(self) -> dict[str, str]:
        """What a native llama.cpp comes in: version, address, hash."""
        if not self._native:
            raise SimulationError("the archive was not asked for: VendorRepositories(native=True)")
        return {
            "version": archives.LLAMA_CPP,
            "url": f"http://{self.address}/{ARCHIVES}/{archives.LLAMA_CPP_FILE}",
            "sha256": archives.sha256_of(archives.llama_cpp()),
        }

    def ollama(self, version: str) -> dict[str, str]:
        """What a native Ollama comes in: version, address, hash."""
        return {
            "version": version,
            "url": f"http://{self.address}/{ARCHIVES}/{archives.ollama_file(version)}",
            "sha256": archives.sha256_of(archives.ollama(version)),
        }

    # Troubles for tests

    def answer_with(self, status: int) -> None:
        """Has every request answered by this HTTP status and nothing else, such as 503."""
        write_answers(self._running.folder, Answers(status=status))

    def hang(self) -> None:
        """Has requests accepted and not answered."""
        write_answers(self._running.folder, Answers(hang=True))

    def sign_with_other_key(self) -> None:
        """Has the indexes signed by a key that is not the one offered."""
        folder = self._running.folder
        for release in (folder / "www").rglob("Release"):
            sign_as_other(release.parent, key("nobody"))
        write_answers(folder, Answers(other_key=True))

    def restore(self) -> None:
        """Undoes the three above."""
        write_answers(self._running.folder, Answers())

    def publish_drivers(self, versions: Sequence[str]) -> None:
        """Has NVIDIA's repository hold drivers of these versions from now on, as when the vendor brings out another.

        Undoes `sign_with_other_key`.
        """
        self._drivers = tuple(versions)
        self.restore()
        self._publish()

    # Inside

    @property
    def _running(self) -> Record:
        if self._record is None:
            raise SimulationError("the vendors' repositories have not been started")
        return self._record

    def _enter(self) -> Record:
        itself = Process.of(os.getpid())
        record = Record(secrets.token_hex(3), free_address(), itself if self._owned else None, machine_boot())
        # Until it serves, the process that sets it up stands for its server.
        record.server = itself
        record.save()
        return record

    def _publish(self) -> None:
        folder = self._running.folder
        new = folder / "www.new"
        shutil.rmtree(new, ignore_errors=True)
        self._date = max(int(time.time()), self._date + 1)
        served = self._archives()
        published: dict[Path, Path] = {}
        for each in served:
            target = new / each.path
            first = published.setdefault(each.archive.folder, target)
            if first == target:
                publish(each.archive, target, each.key, self._date)
            else:
                shutil.copytree(first, target, symlinks=True)
        for each in served:
            for name in each.key_files:
                (new / name).write_bytes(each.key.public)
        shelf.publish(new / HUB)
        ollama.publish(new / OLLAMA_REGISTRY)
        if self._native:
            (new / ARCHIVES).mkdir()
            (new / ARCHIVES / archives.LLAMA_CPP_FILE).symlink_to(archives.llama_cpp())
            for version in archives.OLLAMA:
                (new / ARCHIVES / archives.ollama_file(version)).symlink_to(archives.ollama(version))
        www = folder / "www"
        if www.exists():
            www.rename(folder / "www.old")
        new.rename(www)
        shutil.rmtree(folder / "www.old", ignore_errors=True)

    def _archives(self) -> list[_Served]:
        found = []
        for place in nvidia.PLACES.values():
            path = f"{nvidia.PATH}/{place.directory}/x86_64"
            drivers = nvidia.archive(place.distribution, self._drivers)
            found.append(_Served(path, drivers, key("nvidia"), (f"{path}/{place.key_file}",)))
        # The vendor offers this key at the top only; who declares a mirror looks for it beside the index too.
        path, top = f"{container_toolkit.PATH}/stable/deb/amd64", container_toolkit.PATH
        found.append(_Served(path, container_toolkit.archive(), key("toolkit"), (f"{top}/gpgkey", f"{path}/gpgkey")))
        for release in self._docker:
            path = f"{docker.PATH}/dists/{release}"
            found.append(_Served(path, docker.archive(release), key("docker"), (f"{docker.PATH}/gpg",)))
        return found

    def _serve(self, timeout: float = 20) -> None:
        record = self._running
        log = record.folder / "server.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "sim.repository.server", str(record.folder)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(_PACKAGE_PARENT)},
            )
        record.server = Process.of(child.pid)
        record.save()
        deadline = time.monotonic() + timeout
        while not (record.folder / "ready").exists():
            if child.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise SimulationError(f"the repository server did not start: {said[-1]}")
            time.sleep(0.02)


def stop_detached() -> int:
    """Stops the repository servers on this machine that belong to no process; gives their number."""
    found = [record for record in records() if record.owner is None]
    for record in found:
        record.tear_down()
    return len(found)


def _place(release: str) -> nvidia.Place:
    try:
        return nvidia.PLACES[release]
    except KeyError:
        raise SimulationError(f"no stand-in repository for {release!r}: there are {', '.join(nvidia.PLACES)}") from None


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return  # started by another process, or reaped already

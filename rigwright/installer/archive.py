"""A Debian archive, believed only as far as Debian's own signature goes: InRelease → Packages → package."""

from __future__ import annotations

import hashlib
import lzma
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
"""Where package debian-archive-keyring has Debian's keys: up to Debian 13, and after."""
TIMEOUT_S = 60
CHUNK = 1 << 16

Progress = Callable[[str, int, int], None]
"""Told of each piece: what is fetched, bytes so far, bytes in all (0: not known)."""


class ArchiveError(Exception):
    """Something could not be fetched, or is not what Debian has signed; the text says which, and what to do."""


def no_progress(what: str, done: int, total: int) -> None:
    """Says nothing."""


@dataclass
class Archive:
    """One suite of a mirror. ``cache``: a folder for packages; what is there is hashed again before it is used."""

    mirror: str
    suite: str
    cache: Path
    progress: Progress = no_progress
    keyring: Path | None = None
    """None: Debian's own, as its package has it."""
    _packages: dict[str, dict[str, str]] = field(default_factory=dict, init=False)

    def package(self, name: str) -> Path:
        """The package's file. Raises `ArchiveError`."""
        if not self._packages:
            self._packages = _stanzas(self._index("main/binary-amd64/Packages.xz"))
        entry = self._packages.get(name)
        if entry is None:
            raise ArchiveError(f"{self.mirror} has no package {name} in {self.suite}")
        return self._kept(entry["Filename"], entry["SHA256"], int(entry["Size"]))

    def _index(self, path: str) -> str:
        """An index of packages, of the hash that the signed release has for it."""
        signed = self._signed()
        wanted = _hashes(signed).get(path)
        if wanted is None:
            raise ArchiveError(f"the release file of {self.suite} at {self.mirror} names no {path}")
        # By its hash a mirror has it also while it is being updated.
        folder = path.rpartition("/")[0]
        by_hash = "\nAcquire-By-Hash: yes\n" in signed
        name = f"{folder}/by-hash/SHA256/{wanted}" if by_hash else path
        data = self._fetched(f"dists/{self.suite}/{name}", path.rpartition("/")[2])
        if hashlib.sha256(data).hexdigest() != wanted:
            raise ArchiveError(
                f"{self.mirror}/dists/{self.suite}/{path} is not what Debian has signed. The mirror may be in the "
                "middle of an update: try again in some minutes, or set install.mirror to another one."
            )
        return lzma.decompress(data).decode()

    def _signed(self) -> str:
        """The text of InRelease, once its signature holds and it is of the suite that was asked for."""
        text = _verified(self._fetched(f"dists/{self.suite}/InRelease"), self.keyring or _own_keyring(), self.mirror)
        codename = next((line[10:].strip() for line in text.splitlines() if line.startswith("Codename: ")), "")
        if codename != self.suite:
            raise ArchiveError(f"{self.mirror}/dists/{self.suite} is of {codename or 'no release'}")
        return text

    def _fetched(self, path: str, called: str | None = None) -> bytes:
        return b"".join(self._pieces(path, called))

    def _pieces(self, path: str, called: str | None = None) -> Iterable[bytes]:
        """``called``: what it is for people."""
        url, name, done = f"{self.mirror}/{path}", called or path.rpartition("/")[2], 0
        try:
            with httpx2.stream("GET", url, follow_redirects=True, timeout=TIMEOUT_S) as response:
                response.raise_for_status()
                total = int(response.headers.get("content-length", 0))
                for piece in response.iter_bytes(CHUNK):
                    done += len(piece)
                    self.progress(name, done, total)
                    yield piece
        except httpx2.HTTPError as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise ArchiveError(f"cannot fetch {url}: {why}. Is install.mirror a mirror of Debian?") from error

    def _kept(self, path: str, sha256: str, size: int) -> Path:
        """A file of the archive, from the cache when the one there is the very same."""
        file = self.cache / path.rpartition("/")[2]
        if file.is_file() and file.stat().st_size == size and _sha256(file) == sha256:
            return file
        self.cache.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        with new.open("wb") as out:
            for piece in self._pieces(path):
                out.write(piece)
        if _sha256(new) != sha256:
            new.unlink()
            raise ArchiveError(f"{self.mirror}/{path} is not what Debian has signed: its hash is another one")
        return new.replace(file)


def _verified(data: bytes, keyring: Path, mirror: str) -> str:
    gpgv = shutil.which("gpgv")
    if gpgv is None:
        raise ArchiveError("gpgv is missing, which checks Debian's signature: apt-get install gpgv")
    done = subprocess.run(
        [gpgv, "--keyring", str(keyring), "--output", "-"], input=data, capture_output=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "gpgv:" in line]
        raise ArchiveError(
            f"the release file at {mirror} is not signed by a key in {keyring}: {said[-1] if said else 'no signature'}"
        )
    return done.stdout.decode()


def _own_keyring() -> Path:
    found = next((path for path in KEYRINGS if path.is_file()), None)
    if found is None:
        raise ArchiveError(f"Debian's keys are not here ({KEYRINGS[0]}): apt-get install debian-archive-keyring")
    return found


def _hashes(release: str) -> dict[str, str]:
    """Path → SHA-256, of a release file."""
    found: dict[str, str] = {}
    within = False
    for line in release.splitlines():
        if not line.startswith(" "):
            within = line.strip() == "SHA256:"
        elif within:
            digest, _, path = line.split()
            found[path] = digest
    return found


def _stanzas(index: str) -> dict[str, dict[str, str]]:
    """Name → fields of one line, of an index of packages."""
    found = {}
    for text in index.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))
        if "Package" in fields:
            found[fields["Package"]] = fields
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""An installer's archive: what Debian has signed is taken, and nothing else."""

from __future__ import annotations

import functools
import hashlib
import http.server
import lzma
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rigwright.installer.archive import Archive, ArchiveError
from sim import programs
from sim.repository.keys import Key, key

pytestmark = [pytest.mark.system]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@dataclass
class Served:
    """A suite with one package, served on loopback."""

    folder: Path
    address: str
    keyring: Path
    signer: Key
    cache: Path

    @property
    def archive(self) -> Archive:
        return Archive(self.address, "trixie", self.cache, keyring=self.keyring)

    def publish(self, package: bytes = b"the package", codename: str = "trixie", signer: Key | None = None) -> None:
        pool, dists = self.folder / "pool", self.folder / "dists/trixie"
        index = dists / "main/binary-amd64/Packages.xz"
        for path in (pool, index.parent):
            path.mkdir(parents=True, exist_ok=True)
        (pool / "p_1_all.deb").write_bytes(package)
        digest = hashlib.sha256(package).hexdigest()
        entry = f"Package: p\nFilename: pool/p_1_all.deb\nSize: {len(package)}\nSHA256: {digest}\n"
        index.write_bytes(lzma.compress(f"{entry}\nPackage: q\nFilename: x\n".encode()))
        told = hashlib.sha256(index.read_bytes()).hexdigest()
        release = self.folder / "Release"
        release.write_text(
            f"Codename: {codename}\nSHA256:\n {told} {index.stat().st_size} main/binary-amd64/Packages.xz\n"
        )
        (signer or self.signer).sign(release, dists)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    signer = key("an installer's archive")
    keyring = tmp_path / "keyring.gpg"
    programs.run(["gpg", "--batch", "--dearmor", "--output", str(keyring), str(signer.folder / "public.asc")])
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    yield Served(folder, address, keyring, signer, tmp_path / "cache")
    server.shutdown()
    server.server_close()


def test_what_is_signed_is_taken_and_kept(served: Served) -> None:
    served.publish()
    assert served.archive.package("p").read_bytes() == b"the package"
    (served.folder / "pool/p_1_all.deb").unlink()
    kept = served.archive.package("p")
    kept.write_bytes(b"the packagf")
    with pytest.raises(ArchiveError, match="404"):
        served.archive.package("p")


def test_what_is_not_signed_is_not(served: Served) -> None:
    served.publish()
    (served.folder / "pool/p_1_all.deb").write_bytes(b"not package")
    with pytest.raises(ArchiveError, match="is not what Debian has signed: its hash is another one"):
        served.archive.package("p")
    assert not [path for path in served.cache.iterdir() if path.suffix == ".deb"]
    (served.folder / "dists/trixie/main/binary-amd64/Packages.xz").write_bytes(lzma.compress(b"Package: p\n"))
    with pytest.raises(ArchiveError, match=r"Packages\.xz is not what Debian has signed\. The mirror may be in the"):
        served.archive.package("p")


def test_a_signature_of_somebody_else_is_none(served: Served) -> None:
    served.publish(signer=key("somebody else"))
    with pytest.raises(ArchiveError, match=r"is not signed by a key in .*keyring\.gpg: gpgv: Can't check signature"):
        served.archive.package("p")
    (served.folder / "dists/trixie/InRelease").write_text("Codename: trixie\n")
    with pytest.raises(ArchiveError, match="is not signed by a key in"):
        served.archive.package("p")


def test_another_release_under_this_ones_name_is_refused(served: Served) -> None:
    served.publish(codename="buster")
    with pytest.raises(ArchiveError, match="dists/trixie is of buster"):
        served.archive.package("p")


def test_what_is_not_there_is_named(served: Served) -> None:
    served.publish()
    with pytest.raises(ArchiveError, match="has no package r in trixie"):
        served.archive.package("r")

"""Signing keys of the stand-in repositories: made once on this machine, without a passphrase, good for nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir

_FORMAT = 1  # raise it when keys are made differently


@dataclass(frozen=True)
class Key:
    """A key pair in a folder of its own."""

    folder: Path

    @property
    def fingerprint(self) -> str:
        """Forty hexadecimal digits in capitals."""
        return (self.folder / "fingerprint").read_text()

    @property
    def public(self) -> bytes:
        """The public key in ASCII armour."""
        return (self.folder / "public.asc").read_bytes()

    def sign(self, release: Path, folder: Path) -> None:
        """Writes InRelease and Release.gpg into `folder`, made over the file `release`."""
        folder.mkdir(parents=True, exist_ok=True)
        with _gpg() as gpg:
            programs.run([*gpg, "--import", str(self.folder / "secret.asc")])
            for mode, name in (("--clear-sign", "InRelease"), ("--detach-sign", "Release.gpg")):
                armour = ["--armor"] if mode == "--detach-sign" else []
                programs.run([*gpg, *armour, "--yes", "--output", str(folder / name), mode, str(release)])


def key(owner: str) -> Key:
    """The key of a vendor's stand-in, the same one from run to run."""
    target = cache_dir() / "repositories" / f"key-{_FORMAT}-{owner}"
    return Key(built_once(target, lambda folder: _make(folder, owner)))


def _make(folder: Path, owner: str) -> None:
    folder.chmod(0o700)
    user = f"Rigwright's stand-in for {owner} (signs nothing real) <nobody@localhost>"
    with _gpg() as gpg:
        # RSA as the vendors' own: what checks it may be an old gpgv as well as Debian 13's sqv, which wants SHA-2.
        programs.run([*gpg, "--quick-generate-key", user, "rsa3072", "sign", "never"])
        listed = programs.run([*gpg, "--with-colons", "--list-secret-keys"])
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        (folder / "fingerprint").write_text(fingerprint)
        (folder / "public.asc").write_text(programs.run([*gpg, "--armor", "--export", fingerprint]))
        (folder / "secret.asc").write_text(programs.run([*gpg, "--armor", "--export-secret-keys", fingerprint]))


@contextmanager
def _gpg() -> Iterator[list[str]]:
    """A gpg command line with a home of its own, whose agent ends with the block."""
    # In /tmp, for an agent's socket must not have a long path.
    with tempfile.TemporaryDirectory(prefix="rigsim-gpg-", dir="/tmp") as home:
        Path(home).chmod(0o700)
        options = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--digest-algo", "SHA512"]
        try:
            yield ["gpg", "--homedir", home, "--no-options", *options]
        finally:
            programs.run(["gpgconf", "--homedir", home, "--kill", "all"], env={**os.environ, "GNUPGHOME": home})

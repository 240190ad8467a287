"""What installers are carried in: packages that are read, and initrds that are added to."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from rigwright.installer.cpio import archive, extended
from rigwright.installer.deb import files_in
from rigwright.installer.iso import volume
from rigwright.installer.payload import File
from rigwright.installer.places import ProgramFailed, ProgramMissing, run, written

FILES = {"preseed.cfg": File(b"d-i x\n"), "rigwright/payload/key": File(b"K" * 5, secret=True)}


def listed(data: bytes) -> list[tuple[str, str, bytes]]:
    """(name, mode, content) of each entry, read by the numbers of the format and not by its writer."""
    entries, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        begin = at + -(-(110 + fields[11]) // 4) * 4
        if name == "TRAILER!!!":
            return entries
        entries.append((name, oct(fields[1]), data[begin : begin + fields[6]]))
        at = begin + -(-fields[6] // 4) * 4


EXPECTED = [
    ("rigwright", "0o40700", b""),
    ("rigwright/payload", "0o40700", b""),
    ("preseed.cfg", "0o100644", b"d-i x\n"),
    ("rigwright/payload/key", "0o100600", b"KKKKK"),
]


def test_folders_come_before_what_is_in_them_and_secrets_are_roots_alone() -> None:
    assert listed(archive(FILES)) == EXPECTED


def test_an_initrd_keeps_what_it_had_and_has_ours_behind_it() -> None:
    first = gzip.compress(b"the installer's own", mtime=0)
    whole = extended(first, FILES)
    assert whole.startswith(first)
    behind = whole[len(first) :]
    padding = len(behind) - len(behind.lstrip(b"\0"))
    assert (len(first) + padding) % 4 == 0
    assert listed(gzip.decompress(behind[padding:])) == EXPECTED


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not installed")
def test_cpio_itself_reads_it(tmp_path: Path) -> None:
    done = subprocess.run(
        ["cpio", "-idm", "--quiet"], input=archive(FILES), cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "rigwright/payload/key").read_bytes() == b"KKKKK"


def package(path: Path, files: dict[str, bytes]) -> Path:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as data:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            data.addfile(entry, io.BytesIO(content))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": lzma.compress(tar.getvalue())}
    with path.open("wb") as out:
        out.write(b"!<arch>\n")
        for name, content in members.items():
            out.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
            out.write(content + b"\n" * (len(content) % 2))
    return path


def test_files_out_of_a_package(tmp_path: Path) -> None:
    deb = package(tmp_path / "a.deb", {"usr/x": b"1", "usr/y": b"22", "usr/z": b"333"})
    assert files_in(deb, ["usr/z", "usr/x"]) == {"usr/x": b"1", "usr/z": b"333"}
    with pytest.raises(ValueError, match=r"a\.deb has no usr/w$"):
        files_in(deb, ["usr/w", "usr/x"])
    (tmp_path / "b.deb").write_bytes(b"<html>404</html>")
    with pytest.raises(ValueError, match=r"b\.deb is no Debian package"):
        files_in(tmp_path / "b.deb", ["x"])


def test_what_is_written_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o755)
    (path,) = written(folder, {"a/b": b"1"})
    written(folder, {"a/b": b"2"})
    assert path.read_bytes() == b"2"
    modes = [oct(each.stat().st_mode & 0o777) for each in (folder, folder / "a", path)]
    assert modes == ["0o700", "0o700", "0o600"]
    assert [each.name for each in (folder / "a").iterdir()] == ["b"]


def test_programs_that_are_missing_or_fail_are_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match=r"^no-such-program is missing on this machine: apt-get install pack$"):
        run("pack", ["no-such-program"])
    with pytest.raises(ProgramFailed, match=r"^sh failed \(3\): last words$"):
        run("dash", ["sh", "-c", "echo first >&2; echo last words >&2; exit 3"])


def test_a_volumes_name() -> None:
    assert volume("RIG_my-host.lan") == "RIG_MY_HOST_LAN"
    assert len(volume("x" * 99)) == 32

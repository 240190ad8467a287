"""What is pulled is whole, right and under its name; what cannot be had is said, and spoils nothing else."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import time
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download, scan_cache_dir

from fetch import pack
from tests.unit.fetch.pulling import entry, plan, run, start
from tests.unit.fetch.shelf import Shelf, served

COMMIT = "c" * 40


def some(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def test_the_same_sources_are_the_same_bytes(program: Path) -> None:
    pack.build.cache_clear()
    assert pack.build() == program.read_bytes()


def test_files_come_whole_and_are_not_asked_for_again(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(300_000), "b.gguf": some(200_000, 2)})) as shelf:
        wanted = plan(tmp_path, entry(shelf, "a.gguf"), entry(shelf, "b.gguf"))
        done = run(program, wanted)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "files/a.gguf").read_bytes() == shelf.files["a.gguf"]
        assert (tmp_path / "files/b.gguf").stat().st_mode & 0o777 == 0o644
        assert run(program, wanted).returncode == 0
        assert sorted(shelf.asked) == ["/a.gguf", "/b.gguf"]


def test_what_lies_there_is_hashed_once_and_what_was_changed_comes_anew(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(300_000)})) as shelf:
        wanted = plan(tmp_path, entry(shelf, "a.gguf"))
        (tmp_path / "files").mkdir()
        there = tmp_path / "files/a.gguf"
        there.write_bytes(shelf.files["a.gguf"])
        assert run(program, wanted).returncode == 0
        assert shelf.asked == [], "what is right need not come"
        changed = bytearray(shelf.files["a.gguf"])
        changed[1000] ^= 1
        there.write_bytes(changed)
        assert run(program, wanted).returncode == 0
        assert there.read_bytes() == shelf.files["a.gguf"]


def test_the_layout_is_the_hubs(program: Path, tmp_path: Path) -> None:
    """huggingface_hub itself finds it, without any network."""
    with served(Shelf({"config.json": b"{}", "model.gguf": some(100_000)})) as shelf:
        git = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
        digests = {"config.json": f"git:{git}", "model.gguf": entry(shelf, "model.gguf")["digest"]}
        repository = "hub/models--owner--name"
        files = [
            entry(
                shelf, name, digest=digest, content=f"{repository}/blobs/{digest.partition(':')[2]}",
                link=f"{repository}/snapshots/{COMMIT}/{name}",
            )
            for name, digest in digests.items()
        ]  # fmt: skip
        done = run(program, plan(tmp_path, *files, refs={f"{repository}/refs/main": COMMIT}))
        assert done.returncode == 0, done.stderr
    for name, data in shelf.files.items():
        found = hf_hub_download("owner/name", name, cache_dir=tmp_path / "hub", local_files_only=True)
        assert Path(found).read_bytes() == data
    assert not scan_cache_dir(tmp_path / "hub").warnings


def test_a_wrong_hash_is_thrown_away_and_another_file_comes_all_the_same(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(1000), "b.gguf": some(1000, 2)})) as shelf:
        wrong = entry(shelf, "a.gguf", digest=f"sha256:{'0' * 64}")
        done = run(program, plan(tmp_path, wrong, entry(shelf, "b.gguf")))
        assert done.returncode == 1
        assert f"a: {shelf.url('a.gguf')}: what came has hash {hashlib.sha256(some(1000)).hexdigest()}" in done.stderr
        assert [path.name for path in (tmp_path / "files").iterdir()] == ["b.gguf"]


def test_no_room_is_said_before_the_first_byte(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(1000)})) as shelf:
        done = run(program, plan(tmp_path, entry(shelf, "a.gguf"), keep_free_bytes=10**18))
        assert done.returncode == 4
        assert "too little. Nothing was pulled." in done.stderr
        assert shelf.asked == []


def test_what_is_missing_and_refused_is_said(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(1000)}, token="right")) as shelf:
        gone = entry(shelf, "a.gguf", url=shelf.url("gone.gguf"))
        done = run(program, plan(tmp_path, gone), tokens={"a": "right"})
        assert (done.returncode, "404" in done.stderr) == (1, True)
        done = run(program, plan(tmp_path, entry(shelf, "a.gguf")), tokens={"a": "wrong-token"})
        assert (done.returncode, "401" in done.stderr) == (1, True)
        assert "wrong-token" not in done.stdout + done.stderr
        assert run(program, plan(tmp_path, entry(shelf, "a.gguf")), tokens={"a": "right"}).returncode == 0


def test_no_more_than_so_many_come_at_a_time(program: Path, tmp_path: Path) -> None:
    files = {f"{number}.gguf": some(200_000, number) for number in range(6)}
    with served(Shelf(files, bytes_per_s=2e6)) as shelf:
        done = run(program, plan(tmp_path, *(entry(shelf, name) for name in files), parallel=3))
        assert done.returncode == 0, done.stderr
        assert shelf.at_once == 3


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_twenty_kills_and_it_is_whole(program: Path, tmp_path: Path, ranges: bool) -> None:
    """Each run goes on where the last one was killed; where the server cannot, it begins anew."""
    chance = random.Random(4)
    size = 40_000_000
    with served(Shelf({"a.gguf": some(size)}, ranges=ranges, bytes_per_s=30e6)) as shelf:
        document = json.dumps({"plan": plan(tmp_path, entry(shelf, "a.gguf")), "tokens": {}})
        part = tmp_path / "files/a.gguf.incomplete"
        killed = 0
        while killed < (20 if ranges else 3):
            process = start(program)
            assert process.stdin is not None
            process.stdin.write(document)
            process.stdin.close()
            before = part.stat().st_size if part.exists() else 0
            step = chance.randrange(100_000, 1_000_000)
            while process.poll() is None and not (part.exists() and part.stat().st_size >= before + step):
                if not ranges and part.exists() and part.stat().st_size < before:
                    before = 0
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
            for pipe in (process.stdout, process.stderr):
                assert pipe is not None
                pipe.close()
            assert not (tmp_path / "files/a.gguf").exists(), "half a file never has the whole one's name"
            killed += 1
        shelf.bytes_per_s = None
        done = run(program, plan(tmp_path, entry(shelf, "a.gguf")))
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "files/a.gguf").read_bytes() == shelf.files["a.gguf"]
        assert not part.exists()
        if ranges:  # what was under way when it was killed is sent again, and no more
            assert shelf.sent < size * 2.5


def test_strays_are_listed_and_only_then_removed(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(1000)})) as shelf:
        wanted = plan(tmp_path, entry(shelf, "a.gguf"))
        assert run(program, wanted).returncode == 0
        stray = tmp_path / "hub/models--gone--x/blobs/abc"
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"12345")
        link = tmp_path / "hub/models--gone--x/snapshots/d/x.gguf"
        link.parent.mkdir(parents=True)
        link.symlink_to("../../blobs/abc")
        (tmp_path / "somebody-elses").write_text("x")
        listed = json.loads(run(program, wanted, "strays").stdout)
        assert set(listed) == {str(stray), str(link)} and listed[str(stray)] == 5
        assert stray.exists()
        assert run(program, wanted, "prune").returncode == 0
        assert not (tmp_path / "hub/models--gone--x").exists()
        assert (tmp_path / "files/a.gguf").exists() and (tmp_path / "somebody-elses").exists()
        assert run(program, wanted).returncode == 0
        assert shelf.asked == ["/a.gguf"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"plan": {"version": 2}}', '{"plan": {"version": 1}, "tokens": {"a": "secret"}}'],
)  # fmt: skip
def test_what_is_no_plan_is_refused_without_a_word_of_it(program: Path, text: str) -> None:
    process = start(program)
    out, err = process.communicate(text, timeout=60)
    assert process.returncode == 64
    assert "secret" not in out + err


def test_nothing_is_written_outside_the_root(program: Path, tmp_path: Path) -> None:
    with served(Shelf({"a.gguf": some(1000)})) as shelf:
        done = run(program, plan(tmp_path / "root", entry(shelf, "a.gguf", content="files/../../x")))
        assert done.returncode == 64
        assert "does not lie under" in done.stderr
        assert list(tmp_path.iterdir()) == []

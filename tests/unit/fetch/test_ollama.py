"""Models of the Ollama registry: blobs by hash, each once, manifests last, and nothing of anybody else's removed."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.hub import ollama
from tests.unit.fetch.pulling import plan, run, start
from tests.unit.fetch.shelf import Shelf, served

MANIFESTS = "ollama/manifests/registry.ollama.ai/library/tiny-llama"
OTHERS = "ollama/manifests/registry.ollama.ai/library/others"


@pytest.fixture
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("registry")
    ollama.publish(folder)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with served(Shelf(files, elsewhere=True)) as it:
        yield it


def model(shelf: Shelf, tag: str) -> list[dict[str, Any]]:
    """One model's files in a plan, the manifest first, as a lock has them."""
    text = ollama.manifest(tag).decode()
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    common = {"model": tag, "link": None}
    manifest = {
        **common, "content": f"{MANIFESTS}/{tag}", "url": None, "size": len(text), "digest": digest, "text": text,
    }  # fmt: skip
    return [
        manifest,
        *(
            {
                **common, "content": blob(each), "size": len(data), "digest": each, "text": None,
                "url": shelf.url(f"v2/{ollama.REPOSITORY}/blobs/{each}"),
            }
            for each, data in ollama.blobs(tag).items()
        ),
    ]  # fmt: skip


def blob(digest: str) -> str:
    return f"ollama/blobs/{digest.replace(':', '-')}"


def only(tag: str, other: str) -> set[str]:
    """Digests of what the one model has, and the other has not."""
    return set(ollama.blobs(tag)) - set(ollama.blobs(other))


def whole(root: Path, tag: str) -> bool:
    """Whether Ollama would find it: its manifest, and all that this names."""
    manifest = root / MANIFESTS / tag
    return manifest.is_file() and all(
        (root / blob(digest)).read_bytes() == data for digest, data in ollama.blobs(tag).items()
    )


def test_it_lies_as_ollama_itself_puts_it(program: Path, tmp_path: Path, shelf: Shelf) -> None:
    wanted = plan(tmp_path, *model(shelf, "latest"))
    done = run(program, wanted)
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path, "latest")
    assert (tmp_path / MANIFESTS / "latest").read_bytes() == ollama.manifest("latest")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ollama").rglob("*") if path.is_file()} == {0o644}
    assert {path.name.partition("-")[0] for path in (tmp_path / "ollama/blobs").iterdir()} == {"sha256"}
    asked = len(shelf.asked)
    assert run(program, wanted).returncode == 0
    assert len(shelf.asked) == asked, "what is there is not asked for again"


def test_what_two_models_have_in_common_comes_once(program: Path, tmp_path: Path, shelf: Shelf) -> None:
    done = run(program, plan(tmp_path, *model(shelf, "latest"), *model(shelf, "q8_0")))
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path, "latest") and whole(tmp_path, "q8_0")
    came = [path for path in shelf.asked if path.endswith("?there")]
    assert len(came) == len(set(came)) == len({**ollama.blobs("latest"), **ollama.blobs("q8_0")})


def test_a_blob_that_is_wrong_leaves_no_manifest_and_another_model_is_whole(
    program: Path, tmp_path: Path, shelf: Shelf
) -> None:
    (bad,) = [digest for digest in only("latest", "q8_0") if len(ollama.blobs("latest")[digest]) > 1000]
    address = f"v2/{ollama.REPOSITORY}/blobs/{bad}"
    shelf.files[address] = bytes(reversed(shelf.files[address]))
    wanted = plan(tmp_path, *model(shelf, "latest"), *model(shelf, "q8_0"))
    done = run(program, wanted)
    assert (done.returncode, "latest: " in done.stderr and "what came has hash" in done.stderr) == (1, True)
    assert not (tmp_path / MANIFESTS / "latest").exists()
    assert not (tmp_path / blob(bad)).exists()
    assert whole(tmp_path, "q8_0")
    shelf.files[address] = ollama.blobs("latest")[bad]
    assert run(program, wanted).returncode == 0
    assert whole(tmp_path, "latest")


def test_another_manifest_takes_the_place_of_the_old_one_only_with_its_blobs(
    program: Path, tmp_path: Path, shelf: Shelf
) -> None:
    """A tag that was locked anew: until all is there, Ollama finds the old model."""
    assert run(program, plan(tmp_path, *model(shelf, "latest"))).returncode == 0
    moved = [{**each, "content": each["content"].replace("/q8_0", "/latest")} for each in model(shelf, "q8_0")]
    kept = dict(shelf.files)
    (weights,) = [digest for digest in only("q8_0", "latest") if len(ollama.blobs("q8_0")[digest]) > 1000]
    del shelf.files[f"v2/{ollama.REPOSITORY}/blobs/{weights}"]
    assert run(program, plan(tmp_path, *moved)).returncode == 1
    assert (tmp_path / MANIFESTS / "latest").read_bytes() == ollama.manifest("latest") and whole(tmp_path, "latest")
    shelf.files.update(kept)
    assert run(program, plan(tmp_path, *moved)).returncode == 0
    assert (tmp_path / MANIFESTS / "latest").read_bytes() == ollama.manifest("q8_0")


def test_a_cut_is_gone_on_from_by_way_of_the_other_server(program: Path, tmp_path: Path, shelf: Shelf) -> None:
    data = bytes(range(256)) * 80_000
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    shelf.files[f"v2/{ollama.REPOSITORY}/blobs/{digest}"] = data
    shelf.bytes_per_s = 20e6
    text = json.dumps({"layers": [{"digest": digest}]})
    manifest, *_ = model(shelf, "latest")
    manifest |= {"text": text, "size": len(text), "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}
    large = {
        **manifest, "content": blob(digest), "size": len(data), "digest": digest, "text": None,
        "url": shelf.url(f"v2/{ollama.REPOSITORY}/blobs/{digest}"),
    }  # fmt: skip
    wanted = plan(tmp_path, manifest, large)
    process = start(program)
    assert process.stdin is not None
    process.stdin.write(json.dumps({"plan": wanted, "tokens": {}}))
    process.stdin.close()
    part = tmp_path / f"{blob(digest)}.incomplete"
    while process.poll() is None and not (part.exists() and part.stat().st_size >= 2_000_000):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    assert not (tmp_path / MANIFESTS / "latest").exists()
    there = part.stat().st_size
    shelf.bytes_per_s = None
    done = run(program, wanted)
    assert done.returncode == 0, done.stderr
    assert shelf.ranges_asked == [f"{there}-"]
    assert (tmp_path / blob(digest)).read_bytes() == data and (tmp_path / MANIFESTS / "latest").read_text() == text


def test_room_is_asked_for_what_comes_once(program: Path, tmp_path: Path, shelf: Shelf) -> None:
    done = run(program, plan(tmp_path, *model(shelf, "latest"), keep_free_bytes=10**18))
    assert done.returncode == 4 and "Nothing was pulled." in done.stderr
    assert shelf.asked == [] and not (tmp_path / "ollama").exists()


def strays(program: Path, wanted: dict[str, Any]) -> set[str]:
    done = run(program, wanted, "strays")
    assert done.returncode == 0, done.stderr
    return {str(Path(path).relative_to(wanted["root"])) for path in json.loads(done.stdout)}


def test_a_model_that_nobody_declares_goes_without_what_another_one_uses(
    program: Path, tmp_path: Path, shelf: Shelf
) -> None:
    assert run(program, plan(tmp_path, *model(shelf, "latest"), *model(shelf, "q8_0"))).returncode == 0
    kept = plan(tmp_path, *model(shelf, "latest"))
    gone = {f"{MANIFESTS}/q8_0", *map(blob, only("q8_0", "latest"))}
    assert strays(program, kept) == gone
    assert all((tmp_path / each).exists() for each in gone), "they are only shown"
    assert run(program, kept, "prune").returncode == 0
    assert not any((tmp_path / each).exists() for each in gone)
    assert whole(tmp_path, "latest")
    assert strays(program, kept) == set()
    assert run(program, plan(tmp_path), "prune").returncode == 0
    assert [path.name for path in (tmp_path / "ollama").iterdir()] == [], "its folder stays, for Ollama may look there"


@pytest.mark.parametrize("tree", ["manifests", "manifests-v2"])
def test_what_somebody_else_pulled_stays_with_all_that_it_needs(
    program: Path, tmp_path: Path, shelf: Shelf, tree: str
) -> None:
    """By `ollama pull`: a model of his own that shares our weights.

    Later versions have links to manifests which are blobs themselves, and lists of manifests.
    """
    assert run(program, plan(tmp_path, *model(shelf, "latest"))).returncode == 0
    (weights,) = [digest for digest in only("latest", "q8_0") if len(ollama.blobs("latest")[digest]) > 1000]
    own = tmp_path / "ollama/blobs/sha256-"
    own = own.with_name(own.name + "1" * 64)
    own.write_bytes(b"his own")
    theirs = tmp_path / OTHERS.replace("manifests", tree, 1) / "mine"
    theirs.parent.mkdir(parents=True)
    text = json.dumps({"layers": [{"digest": weights}, {"digest": f"sha256:{'1' * 64}"}]})
    used = {blob(weights)}
    if tree == "manifests":
        theirs.write_text(text)
    else:
        blobs = tmp_path / "ollama/blobs"
        (blobs / f"sha256-{'3' * 64}").write_text(text)
        (blobs / f"sha256-{'2' * 64}").write_text(json.dumps({"manifests": [{"digest": f"sha256:{'3' * 64}"}]}))
        theirs.symlink_to(f"../../../../blobs/sha256-{'2' * 64}")
        (linked,) = [digest for digest in only("latest", "q8_0") if digest != weights]
        theirs.with_name("linked").symlink_to(f"../../../../{blob(linked).removeprefix('ollama/')}")
        used.add(blob(linked))
    nothing = plan(tmp_path)
    expected = {f"{MANIFESTS}/latest", *map(blob, ollama.blobs("latest"))} - used
    assert strays(program, nothing) == expected
    assert run(program, nothing, "prune").returncode == 0
    assert theirs.exists() and own.exists() and (tmp_path / blob(weights)).exists()
    assert strays(program, nothing) == set()
    for path in theirs.parent.iterdir():
        path.unlink()
    assert strays(program, nothing) == used, "that was ours, and nobody uses it any more"
    assert own.exists()


def test_half_a_blob_that_nobody_waits_for_goes_and_ollamas_own_stays(
    program: Path, tmp_path: Path, shelf: Shelf
) -> None:
    shelf.files.clear()
    wanted = plan(tmp_path, *model(shelf, "latest"))
    assert run(program, wanted).returncode == 1
    digest = next(iter(ollama.blobs("latest")))
    part, own = tmp_path / f"{blob(digest)}.incomplete", tmp_path / f"{blob(digest)}-partial"
    part.write_bytes(b"half")
    own.write_bytes(b"half")
    assert strays(program, wanted) == set()
    assert f"{blob(digest)}.incomplete" in strays(program, plan(tmp_path))
    assert run(program, plan(tmp_path), "prune").returncode == 0
    assert not part.exists() and own.exists()


def test_a_manifest_is_written_nowhere_else(program: Path, tmp_path: Path, shelf: Shelf) -> None:
    manifest, *_ = model(shelf, "latest")
    done = run(program, plan(tmp_path / "root", {**manifest, "content": "ollama/../../x"}))
    assert done.returncode == 64 and "does not lie under" in done.stderr
    assert list(tmp_path.iterdir()) == []

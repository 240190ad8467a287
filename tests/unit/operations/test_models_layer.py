"""The layer models: what it pulls, when it refuses, and what it never says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fetch import pack
from rigwright.choice.models import folder, of, plan
from rigwright.facts.files import Files
from rigwright.facts.models import FileSeen, ModelFiles, ModelsState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.operations import models as disk
from rigwright.spec.locks import LockedFile, LockedModel, Locks
from rigwright.spec.rig import Rig
from tasks.models import PROGRAM, models, tokens
from tests.system.locked_models import locked_ollama
from tests.unit.operations.harness import Case, Step, file, steps
from tests.unit.operations.releases import CODENAMES, RELEASE

COMMIT = "c" * 40
HUB = {"hub": "owner/name", "files": ["*.gguf"]}
URL = {"url": "https://x.example/dir/x.gguf", "sha256": "b" * 64}
PATH = {"path": "/data/y.gguf", "sha256": "d" * 64}
LOCKS = Locks(
    models={
        "hub owner/name main *.gguf": LockedModel(
            commit=COMMIT,
            files=[
                LockedFile(name="sub/a.gguf", size=3_000_000_000, digest=f"sha256:{'a' * 64}"),
                LockedFile(name="config.json", size=10, digest=f"git:{'1' * 40}"),
            ],
        ),
        f"url https://x.example/dir/x.gguf {'b' * 64}": LockedModel(
            files=[LockedFile(name="x.gguf", size=2_000_000_000, digest=f"sha256:{'b' * 64}")]
        ),
    }
)
BLOBS = "/srv/models/hub/models--owner--name/blobs"


def declared(**keys: Any) -> Rig:
    wanted = {"big": HUB, "single": URL, "mine": PATH}
    return Rig.model_validate({"name": "x", "models": {"wanted": wanted, **keys}}).locked_by(LOCKS)


ALL_THERE = {
    f"{BLOBS}/{'a' * 64}": FileSeen(3_000_000_000, f"sha256:{'a' * 64}", linked=True),
    f"{BLOBS}/{'1' * 40}": FileSeen(10, f"git:{'1' * 40}", linked=True),
    "/srv/models/files/single/x.gguf": FileSeen(2_000_000_000, f"sha256:{'b' * 64}"),
    "/data/y.gguf": FileSeen(5, f"sha256:{'d' * 64}"),
}


def layer(rig: Rig, seen: dict[str, FileSeen], free: int = 10**12, codename: str = "trixie") -> dict[str, Step]:
    facts: dict[Any, Any] = {
        Release: RELEASE[codename],
        Packages: PackagesState(installed={"python3": "3.13.5-1", "ca-certificates": "2025"}),
        Files: {PROGRAM: file(pack.build(), mode="755")},
        ModelFiles: ModelsState(seen, free),
    }
    return steps(models, rig, facts)


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_bare_disk_gets_all_of_it(codename: str) -> None:
    mine = {"/data/y.gguf": FileSeen(5)}
    step = layer(declared(), mine, codename=codename)["Pull the models"]
    (command,) = step.commands
    program, _, document = command.partition("\n<<<\n")
    assert program == f"python3 -I {PROGRAM} pull"
    assert json.loads(document) == {"plan": plan(declared()), "tokens": {}}
    assert step.why == (
        "big: 2 of 2 files missing (3.00 GB)",
        "single: 1 of 1 file missing (2.00 GB)",
        "mine: 1 of 1 file not hashed as it is now (0.00 GB)",
    )


def test_what_is_there_is_left_alone() -> None:
    assert not any(step.commands for step in layer(declared(), ALL_THERE).values())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (FileSeen(3_000_000_000), "not hashed as it is now"),
        (FileSeen(3_000_000_000, f"sha256:{'e' * 64}", linked=True), "another one"),
        (FileSeen(3_000_000_000, f"sha256:{'a' * 64}"), "not under its name"),
        (FileSeen(part=5), "partly there"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(changed: FileSeen, why: str) -> None:
    step = layer(declared(), {**ALL_THERE, f"{BLOBS}/{'a' * 64}": changed})["Pull the models"]
    assert step.why == (f"big: 1 of 2 files {why} (3.00 GB)",)


def test_no_models_no_program() -> None:
    step = layer(declared(wanted={}), {})["Take away what pulls models"]
    assert step.commands == (f"rm -f -- {PROGRAM}",)


def _pulled(rig: Rig, seen: dict[str, FileSeen], free: int, **more: Any) -> Case:
    arguments = {
        "program": PROGRAM, "plan": plan(rig), "files": [each for name in rig.models.wanted for each in of(rig, name)],
        "tokens": tokens(rig),
    }  # fmt: skip
    return Case("pulled", disk.pulled, arguments, {ModelFiles: ModelsState(seen, free)}, **more)


def test_a_disk_that_is_too_small_is_refused_with_figures() -> None:
    seen = {"/data/y.gguf": FileSeen(5), f"{BLOBS}/{'a' * 64}": FileSeen(part=1_000_000_000)}
    _pulled(
        declared(), seen, 13_000_000_000,
        refuses="models.root = /srv/models: 4.00 GB are still to come, 13.00 GB are free, and 10.00 GB of them are to "
        "stay so (models.keep_free_gb). Nothing was pulled.",
    ).check()  # fmt: skip
    _pulled(declared(), seen, 14_000_000_010, has=["pull"]).check()


def test_an_own_file_that_is_not_there_is_refused() -> None:
    seen = {path: state for path, state in ALL_THERE.items() if path != "/data/y.gguf"}
    text = "models.wanted.mine.path: /data/y.gguf is not on the host; put it there"
    _pulled(declared(), seen, 10**12, refuses=text).check()


def test_a_token_goes_by_standard_input_and_only_for_what_is_pulled(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("hf_secret")
    secret.chmod(0o600)
    rig = declared(token={"file": str(secret)})
    assert set(tokens(rig)) == {"big"}
    told = json.loads(disk._document(plan(rig), of(rig, "big"), tokens(rig)))
    assert told["tokens"] == {"big": "hf_secret"}
    assert json.loads(disk._document(plan(rig), of(rig, "single"), tokens(rig)))["tokens"] == {}
    assert "hf_secret" not in json.dumps(plan(rig))


def test_a_token_that_cannot_be_read_is_refused_before_anything() -> None:
    rig = declared(token={"file": "/nowhere/token"})
    text = (
        "a token for the Hub is declared (models.token, models.wanted.*.token), and cannot read the secret in /nowhere"
    )
    _pulled(rig, {"/data/y.gguf": FileSeen(5)}, 10**12, refuses=text).check()


OLLAMA = Rig.model_validate({"name": "x", "models": {"wanted": {"tiny": {"ollama": "tiny-llama"}}}}).locked_by(
    Locks(models={"ollama library/tiny-llama:latest": locked_ollama("latest")})
)
MANIFEST, *ALL_BLOBS = of(OLLAMA, "tiny")
STORE_THERE = {each.content: FileSeen(each.size, each.digest) for each in (MANIFEST, *ALL_BLOBS)}


def test_ollamas_folders_are_made_before_anything_comes() -> None:
    found = layer(OLLAMA, {})
    made = [name for name in found if name.startswith("Make the folder")]
    places = ("ollama", "ollama/blobs", "ollama/manifests", "ollama/manifests-v2")
    assert made == [f"Make the folder /srv/models/{place}" for place in places]
    pulled = found["Pull the models"]
    assert set(made) <= set(pulled.waits)
    assert pulled.why == ("tiny: 6 of 6 files missing (0.00 GB)",)
    (command,) = pulled.commands
    told = json.loads(command.partition("\n<<<\n")[2])["plan"]["files"]
    assert [each["text"] for each in told] == [MANIFEST.text, *[None] * 5]
    assert not [name for name in layer(declared(), ALL_THERE) if name.startswith("Make the folder")]


def test_a_store_that_is_whole_is_left_alone_and_a_manifest_that_is_another_one_is_said() -> None:
    assert not layer(OLLAMA, STORE_THERE)["Pull the models"].commands
    other = {**STORE_THERE, MANIFEST.content: FileSeen(MANIFEST.size, f"sha256:{'e' * 64}")}
    assert layer(OLLAMA, other)["Pull the models"].why == ("tiny: 1 of 6 files another one (0.00 GB)",)
    gone = {**STORE_THERE, MANIFEST.content: FileSeen()}
    assert layer(OLLAMA, gone)["Pull the models"].why == ("tiny: 1 of 6 files missing (0.00 GB)",)


def test_a_disk_without_room_for_blobs_is_refused() -> None:
    text = "are to stay so (models.keep_free_gb). Nothing was pulled."
    _pulled(OLLAMA, {MANIFEST.content: STORE_THERE[MANIFEST.content]}, 10**9, refuses=text).check()


def test_runtimes_find_a_model_by_its_folder() -> None:
    rig = declared(root="/data/models")
    assert folder(rig, "big") == f"/data/models/hub/models--owner--name/snapshots/{COMMIT}"
    assert folder(rig, "single") == "/data/models/files/single"
    assert folder(rig, "mine") == "/data"
    assert of(rig, "big")[0].used == f"{folder(rig, 'big')}/sub/a.gguf"

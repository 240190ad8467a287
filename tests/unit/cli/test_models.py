"""`rig models`, `rig images` and `rig ask`, as far as they need no host."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import cli
from rigwright.spec.locks import read_locks, write_images, write_models
from rigwright.spec.models import WantedModel
from sim.hub import ollama
from tests.unit.fetch.shelf import Shelf, served
from tests.unit.rules.case import LOCKS
from tests.unit.spec.project import host, project

CARD = '{"model": "GeForce RTX 3090", "slot": "PCIE%d", "cables": ["8-pin", "8-pin"], "supply": "main"}'
BODY = f"""
"driver": {{"branch": 580}},
"hardware": {{"psus": {{"main": {{"rated_w": 1300}}}}, "gpus": [{CARD % 1}, {CARD % 5}]}},
"models": {{"wanted": {{"dense": {{"hub": "owner/dense", "files": ["m.gguf"]}}}}}},
"runtimes": {{"services": {{"llm": {{"kind": "llama.cpp", "models": {{"dense": {{}}}}}}}}}},
"""
SOURCE = WantedModel(hub="owner/dense", files=["m.gguf"]).source
IMAGE = "ghcr.io/ggml-org/llama.cpp:server-cuda13"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = project(tmp_path, host(BODY.strip()))
    write_models(folder, {SOURCE: LOCKS.models[SOURCE]})
    write_images(folder, {IMAGE: LOCKS.images[IMAGE]})
    return folder


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--chdir", str(root), *words], standalone_mode=False)


def test_models_are_listed_with_what_they_are_locked_as(root: Path) -> None:
    shown = run(root, "models").output
    assert "dense" in shown and "owner/dense" in shown and "cccccccccccc" in shown
    (root / "models.lock").unlink()
    assert "not yet: rig models lock dense" in " ".join(run(root, "models").output.split())


def test_a_model_of_ollama_is_locked_and_listed_by_its_manifest(tmp_path: Path) -> None:
    ollama.publish(tmp_path / "registry")
    files = {
        str(path.relative_to(tmp_path / "registry")): path.read_bytes()
        for path in (tmp_path / "registry").rglob("*")
        if path.is_file()
    }
    with served(Shelf(files, elsewhere=True)) as registry:
        models = f'"ollama_registry": "{registry.address}", "wanted": {{"tiny": {{"ollama": "tiny-llama"}}}}'
        folder = project(tmp_path, host(f'"driver": {{"branch": 580}}, "models": {{{models}}}'))
        assert "not yet: rig models lock tiny" in " ".join(run(folder, "models").output.split())
        done = run(folder, "models", "lock")
        assert (done.return_value, done.output) == (0, "tiny: 6 files, 0.00 GB\nmodels.lock: 1 model\n")
    identity = hashlib.sha256(ollama.manifest("latest")).hexdigest()[:12]
    assert identity in run(folder, "models").output, "what `ollama list` shows of it"
    assert run(folder, "check").return_value == 0
    refused = run(folder, "models", "lock", "--upgrade")
    assert "models.wanted.tiny: http://127.0.0.1" in str(refused.exception) and "refused" in str(refused.exception)


def test_fit_is_told_in_figures(root: Path) -> None:
    done = run(root, "models", "fit", "--json")
    (found,) = json.loads(done.output)
    assert done.return_value == 0
    assert (found["runtime"], found["model"], found["cards"], found["fits"]) == ("llm", "dense", 2, True)
    assert found["weights_bytes"] == 30 * 2**30 and found["cache_bytes"] == 2**30
    assert found["most_context_tokens"]["q4_0"] > found["most_context_tokens"]["f16"] > 4096
    assert "fits" in run(root, "models", "fit").output


def test_what_does_not_fit_ends_with_1(root: Path) -> None:
    (root / "inventory/home.py").write_text(
        (root / "inventory/home.py").read_text().replace('{"dense": {}}', '{"dense": {"context_tokens": 65536}}')
    )
    done = run(root, "models", "fit", "--json")
    assert (done.return_value, json.loads(done.output)[0]["fits"]) == (1, False)
    refused = run(root, "check")
    assert refused.exception is not None or refused.return_value == 1


def test_lock_drops_what_nobody_declares_and_asks_for_nothing_that_is_there(root: Path) -> None:
    write_models(root, {SOURCE: LOCKS.models[SOURCE], "hub owner/gone main *": LOCKS.models[SOURCE]})
    done = run(root, "models", "lock")
    assert (done.return_value, done.output) == (0, "models.lock: 1 model\n")
    assert set(read_locks(root).models) == {SOURCE}
    write_images(root, {IMAGE: LOCKS.images[IMAGE], "x.example/gone/it:1": LOCKS.images[IMAGE]})
    assert run(root, "images", "lock").output == "images.lock: 1 image\n"
    assert set(read_locks(root).images) == {IMAGE}


def test_a_model_that_nobody_declares_cannot_be_locked(root: Path) -> None:
    done = run(root, "models", "lock", "dens")
    assert "no model 'dens' is declared; there are: dense" in str(done.exception)


def test_images_are_listed_with_their_digests(root: Path) -> None:
    assert run(root, "images").output == f"{IMAGE}  {LOCKS.images[IMAGE]}\n"
    (root / "images.lock").unlink()
    assert run(root, "images").output == f"{IMAGE}  not locked: rig images lock\n"


def test_a_broken_lock_is_said(root: Path) -> None:
    (root / "models.lock").write_text('{"version": 1, "models": {"x": {"files": [{"name": "a"}]}}}')
    done = run(root, "check")
    assert "models.lock:1: expected what `rig models lock` writes, and models.x.files.0.size: Field required" in str(
        done.exception
    )


def test_nobody_can_be_asked_without_a_gateway(root: Path) -> None:
    assert "basement: no gateway is declared (gateway.routes)" in str(run(root, "ask", "?").exception)

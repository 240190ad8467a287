"""Models of the Ollama registry in runtimes: where they lie, what they are called, what Ollama is told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.fit import fits, held
from rigwright.choice.models import NoFolder, folder, of, plan
from rigwright.choice.runtimes import compose, quadlet, service, services
from rigwright.choice.runtimes.service import Service
from rigwright.rules import findings
from rigwright.spec.locks import Locks
from rigwright.spec.rig import Rig
from tests.system.locked_models import locked_ollama
from tests.unit.rules.case import LOCKS, card, machine
from tests.unit.rules.cases_models import HASH

WANTED = {"pulled": {"ollama": "tiny-llama"}, "small": {"ollama": "tiny-llama:q8_0"}, "dense": {"ollama": "dense"}}
STORE = "/data/models/ollama"
ARCHIVE = {"version": "0.32.0", "url": "https://x.example/ollama.tar.zst", "sha256": HASH}
SERVED = {"context_tokens": 16384, "parallel": 2, "cache_type": "q8_0"}


def rig(**runtimes: Any) -> Rig:
    models = {f"ollama library/tiny-llama:{tag}": locked_ollama(tag) for tag in ("latest", "q8_0")}
    declared = {
        **machine(card("PCIE1"), card("PCIE5"), watts=2000),
        "models": {"root": "/data/models", "ollama_registry": "http://mirror.lan", "wanted": WANTED},
        "runtimes": {"services": runtimes},
    }
    locks = Locks(images=LOCKS.images, models={**LOCKS.models, **models})
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, **declared}).locked_by(locks)


def one(**keys: Any) -> Service:
    return service(rig(it={"kind": "ollama", "models": {"pulled": SERVED, "small": SERVED}, **keys}), catalog(), "it")


def test_blobs_lie_by_their_hashes_and_the_manifest_by_its_name() -> None:
    manifest, *blobs = of(rig(), "pulled")
    assert manifest.content == f"{STORE}/manifests/registry.ollama.ai/library/tiny-llama/latest"
    assert manifest.url is None and manifest.text is not None
    for each in blobs:
        assert each.content == f"{STORE}/blobs/{each.digest.replace(':', '-')}"
        assert each.url == f"http://mirror.lan/v2/library/tiny-llama/blobs/{each.digest}"
    other = {each.content for each in of(rig(), "small")}
    assert len(other & {each.content for each in blobs}) == 3, "template, licence and parameters are the same"
    told = {each["content"]: each["text"] for each in plan(rig())["files"]}
    assert told[manifest.content] == manifest.text and told[blobs[0].content] is None
    with pytest.raises(NoFolder):
        folder(rig(), "pulled")


def test_in_a_container_ollama_reads_the_store_and_has_a_home() -> None:
    found = one()
    assert found.models == ("tiny-llama:latest", "tiny-llama:q8_0")
    told = {name: value for name, value in found.environment.items() if name.startswith("OLLAMA_")}
    assert told == {
        "OLLAMA_HOST": "0.0.0.0:11434",
        "OLLAMA_MODELS": "/models",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_CONTEXT_LENGTH": "16384",
        "OLLAMA_NUM_PARALLEL": "2",
        "OLLAMA_KV_CACHE_TYPE": "q8_0",
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_SCHED_SPREAD": "1",
    }
    volumes = {each["target"]: each for each in compose.document(found, "/data/runtimes")["services"]["it"]["volumes"]}
    assert (volumes["/models"]["source"], volumes["/models"]["read_only"]) == (STORE, True)
    assert volumes["/home/ollama"]["source"] == "/data/runtimes/it/home"
    assert found.environment["HOME"] == "/home/ollama"
    assert f"Volume={STORE}:/models:ro" in quadlet.lines(found, "/data/runtimes")


def test_by_itself_ollama_reads_the_store_where_it_is() -> None:
    found = one(how="native", archive=ARCHIVE)
    (mount,) = found.mounts
    assert (mount.host, mount.inside, mount.read_only) == (STORE, STORE, True)
    assert found.environment["OLLAMA_MODELS"] == STORE and found.environment["OLLAMA_HOST"] == "127.0.0.1:11434"
    assert "HOME" not in found.environment and not found.data


def test_without_declared_models_it_keeps_its_own() -> None:
    alone = rig(it={"kind": "ollama"})
    found = service(
        alone.model_copy(update={"models": alone.models.model_copy(update={"wanted": {}})}), catalog(), "it"
    )
    (mount,) = found.mounts
    assert (mount.host, mount.read_only) == (STORE, False)
    assert found.environment["OLLAMA_CONTEXT_LENGTH"] == "8192" and "OLLAMA_NOPRUNE" not in found.environment


def test_llama_cpp_loads_the_blob_by_its_path() -> None:
    found = service(rig(it={"kind": "llama.cpp", "models": {"pulled": {}}}), catalog(), "it")
    weights = next(each for each in of(rig(), "pulled") if (each.media_type or "").endswith("image.model"))
    assert f"[pulled]\nmodel = {weights.content}\n" in found.files["models.ini"]
    assert found.models == ("pulled",)
    assert [each.host for each in found.mounts] == ["/data/models"]


def test_what_stands_in_front_asks_for_it_by_ollamas_name() -> None:
    front = {"kind": "litellm", "upstreams": ["it"]}
    found = {
        each.name: each
        for each in services(rig(it={"kind": "ollama", "models": {"small": {}}}, front=front), catalog())
    }
    (model,) = json.loads(found["front"].files["config.yaml"])["model_list"]
    assert model["model_name"] == "small"
    assert model["litellm_params"]["model"] == "openai/tiny-llama:q8_0"
    assert model["litellm_params"]["api_base"] == "http://it:11434/v1"


def test_it_is_reckoned_as_any_other_gguf() -> None:
    ollama, llama = ({"kind": kind, "models": {"dense": SERVED}} for kind in ("ollama", "llama.cpp"))
    (one_way,), (other,) = (list(fits(rig(it=each), catalog())) for each in (ollama, llama))
    assert (one_way.weights, one_way.cache) == (other.weights, other.cache) and one_way.weights == 30 * 2**30


@pytest.mark.parametrize(
    ("env", "count"), [({}, 1), ({"OLLAMA_MAX_LOADED_MODELS": "2"}, 2), ({"OLLAMA_MAX_LOADED_MODELS": "0"}, 2)]
)
def test_as_many_models_count_as_it_keeps_in_memory(env: dict[str, str], count: int) -> None:
    declared = rig(it={"kind": "ollama", "models": {"dense": {}, "pulled": {}}, "env": env})
    locks = {
        **declared.locks.models,
        "ollama library/tiny-llama:latest": declared.locks.models["ollama library/dense:latest"],
    }
    (found,) = held(declared.locked_by(Locks(images=LOCKS.images, models=locks)), catalog())
    assert len(found.models) == count


def test_models_that_differ_are_refused_in_one_sentence() -> None:
    models = {"pulled": SERVED, "small": {"context_tokens": 4096}}
    (finding,) = findings(rig(it={"kind": "ollama", "models": models}), catalog())
    assert finding.expected == (
        "the same context_tokens, parallel and cache_type of all models, for Ollama has one of each: pulled has "
        "context_tokens 16384, parallel 2, cache_type q8_0; small has context_tokens 4096, parallel 1, cache_type f16"
    )
    assert finding.advice == "Make them the same, or declare a runtime for each of them, with a port of its own."


@pytest.mark.parametrize(
    ("kind", "model", "expected", "advice"),
    [
        (
            "vllm", "pulled",
            "a model that vllm can load: those of the Ollama registry (tiny-llama) are for ollama, llama.cpp, "
            "llama-swap, custom",
            "Serve it by one of them, or declare models.wanted.pulled with 'hub'.",
        ),
        (
            "ollama", "hub",
            "a model of the Ollama registry: Ollama serves no others",
            "Declare models.wanted.hub with 'ollama' (e.g. 'qwen3:8b'), or serve it by llama.cpp.",
        ),
    ],
)  # fmt: skip
def test_what_a_runtime_cannot_serve_is_refused_with_what_can(
    kind: str, model: str, expected: str, advice: str
) -> None:
    declared = rig(it={"kind": kind, "models": {model: {}}})
    wanted = {**WANTED, "hub": {"hub": "owner/dense", "files": ["m.gguf"]}}
    document = {**declared.model_dump(exclude={"locks"}), "models": {"wanted": wanted}}
    (finding,) = findings(Rig.model_validate(document).locked_by(declared.locks), catalog())
    assert (finding.expected, finding.advice) == (expected, advice)

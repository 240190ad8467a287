"""What each kind of runtime comes to: its words, its files, its cards, and how both engines are told."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.runtimes import compose, quadlet, service, services
from rigwright.choice.runtimes.service import Service, options, uid_of
from rigwright.spec.locks import LockedFile, LockedModel, Locks
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Kind
from tests.unit.rules.case import IMAGE, LOCKS, card, machine
from tests.unit.rules.cases_models import HASH

DIGEST = f"sha256:{'0' * 64}"
UUIDS = [f"GPU-{number}0000000-0000-0000-0000-000000000000" for number in range(4)]
MODEL = LockedModel(commit="c" * 40, files=[LockedFile(name="x.gguf", size=1, digest=f"sha256:{HASH}")])
SOURCE = "hub a/b main *"
SNAPSHOT = f"/srv/models/hub/models--a--b/snapshots/{'c' * 40}"


def rig(cards: int = 2, **runtimes: Any) -> Rig:
    hardware = machine(*(card(f"PCIE{n + 1}", uuid=UUIDS[n]) for n in range(cards)), watts=3000)
    declared = {"models": {"wanted": {"m": {"hub": "a/b"}}}, "runtimes": {"services": runtimes}}
    locks = Locks(images=LOCKS.images, models={SOURCE: MODEL})
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, **hardware, **declared}).locked_by(locks)


def one(kind: str, cards: int = 2, **keys: Any) -> Service:
    runtime = {"kind": kind, "models": {"m": {}}, **keys}
    return service(rig(cards, it=runtime), catalog(), "it")


def value(found: Service, option: str) -> str:
    words = list(found.command)
    return words[words.index(option) + 1]


def test_every_kind_is_made_of_the_catalogues_image_by_its_digest() -> None:
    kinds: list[Kind] = list(Kind.__args__)  # type: ignore[attr-defined]
    assert set(kinds) == set(catalog().runtimes)
    for kind in kinds:
        if kind in ("custom", "open-webui", "litellm"):
            continue
        found = one(kind)
        image = catalog().runtimes[kind].image
        assert image is not None
        assert found.image == f"{image.rpartition(':')[0]}@{DIGEST}"
        assert found.port == catalog().runtimes[kind].port


@pytest.mark.parametrize(("cards", "tensor", "pipeline"), [(1, "1", "1"), (2, "2", "1"), (3, "1", "3"), (4, "4", "1")])
def test_vllm_shares_a_model_out_among_its_cards(cards: int, tensor: str, pipeline: str) -> None:
    found = one("vllm", cards)
    assert found.command[0] == SNAPSHOT
    assert (value(found, "--tensor-parallel-size"), value(found, "--pipeline-parallel-size")) == (tensor, pipeline)
    assert ("NCCL_P2P_DISABLE" in found.environment) == (cards > 1)
    assert found.ipc_host, "its processes share memory: the host's, which is half of the RAM"


def test_what_is_declared_comes_last_and_as_it_is() -> None:
    models = {"m": {"context_tokens": 8192, "parallel": 4, "cache_type": "q8_0", "args": {"seed": 7}}}
    args = {"gpu-memory-utilization": 0.8, "enable-prefix-caching": True, "middleware": ["a", "b"], "config": {"x": 1}}
    found = one("vllm", models=models, args=args, gpus=[UUIDS[1]], env={"OMP_NUM_THREADS": "4"})
    assert value(found, "--max-model-len") == "8192" and value(found, "--max-num-seqs") == "4"
    assert value(found, "--kv-cache-dtype") == "fp8" and value(found, "--seed") == "7"
    assert value(found, "--gpu-memory-utilization") == "0.8"
    assert list(found.command)[-9:] == [
        "--enable-prefix-caching", "--middleware", "a", "--middleware", "b", "--config", '{"x": 1}', "--seed", "7",
    ]  # fmt: skip
    assert found.devices == [f"nvidia.com/gpu={UUIDS[1]}"]
    assert found.environment["OMP_NUM_THREADS"] == "4"


def test_options_are_written_as_command_lines_have_them() -> None:
    assert options({"a": True, "b": 1, "c": ["x", "y"], "d": {"k": None}, "e": False}) == [
        "--a", "--b", "1", "--c", "x", "--c", "y", "--d", '{"k": null}', "--e", "false",
    ]  # fmt: skip


def test_llama_cpp_has_presets_for_its_models() -> None:
    found = one(
        "llama.cpp", models={"m": {"context_tokens": 4096, "parallel": 3, "cache_type": "q4_0"}}, args={"threads": 8}
    )
    assert found.files["models.ini"] == (
        "version = 1\n\n[*]\nn-gpu-layers = all\nfit = off\nthreads = 8\n\n"
        f"[m]\nmodel = {SNAPSHOT}/x.gguf\nctx-size = 12288\nparallel = 3\ncache-type-k = q4_0\n"
        "cache-type-v = q4_0\nflash-attn = on\n"
    )
    assert "n-gpu-layers = 0" in one("llama.cpp", gpus=[]).files["models.ini"]
    assert found.user == uid_of("it") and not found.writable


@pytest.mark.parametrize(("gpus", "visible"), [(None, None), ([UUIDS[0]], UUIDS[0]), ([], "")])
def test_a_native_one_is_told_its_cards_by_the_drivers_variable(gpus: list[str] | None, visible: str | None) -> None:
    archive = {"version": "b1", "url": "https://x.example/x.tar.gz", "sha256": HASH}
    found = one("llama.cpp", how="native", archive=archive, **({} if gpus is None else {"gpus": gpus}))
    assert found.image is None and found.environment.get("CUDA_VISIBLE_DEVICES") == visible
    assert value(found, "--host") == "127.0.0.1" and found.program_folder == "/opt/rigwright/llama.cpp/b1"


def test_what_stands_in_front_calls_by_name_and_starts_after() -> None:
    secrets = {name: {"env": "X"} for name in ("WEBUI_ADMIN_PASSWORD", "WEBUI_SECRET_KEY")}
    page = {"kind": "open-webui", "upstreams": ["llm", "big"], "secrets": secrets, "env": {"WEBUI_ADMIN_EMAIL": "me@x"}}
    front = {"kind": "litellm", "upstreams": ["llm"], "args": {"litellm_settings": {"drop_params": True}}}
    llm, big = {"kind": "llama.cpp", "models": {"m": {}}, "port": 9999}, {"kind": "vllm", "models": {"m": {}}}
    found = {each.name: each for each in services(rig(page=page, front=front, llm=llm, big=big), catalog())}
    assert found["page"].environment["OPENAI_API_BASE_URLS"] == "http://llm:8080/v1;http://big:8000/v1"
    assert found["page"].environment["ENABLE_SIGNUP"] == "False" and found["page"].after == ("llm", "big")
    configuration = json.loads(found["front"].files["config.yaml"])
    assert configuration["model_list"][0]["litellm_params"]["api_base"] == "http://llm:8080/v1"
    assert configuration["litellm_settings"] == {"telemetry": False, "drop_params": True}


def test_llama_swap_has_a_file_of_its_own_beside_the_options_of_what_it_starts() -> None:
    config = {"logLevel": "warn", "models": {"m": {"ttl": 300}}, "groups": {"all": {"swap": False, "members": ["m"]}}}
    found = one("llama-swap", args={"threads": 2}, config=config, start_s=5)
    told = json.loads(found.files["config.yaml"])
    assert told["healthCheckTimeout"] == 15, "the least that its schema has"
    assert (told["logLevel"], told["groups"]) == ("warn", config["groups"])
    command = told["models"]["m"].pop("cmd")
    assert command.startswith("/app/llama-server --host 127.0.0.1 --port ${PORT} ") and "--threads 2" in command
    assert told["models"]["m"] == {"ttl": 300}
    assert "config" not in "".join(found.command[2:])


def test_litellm_is_told_that_it_has_no_key_of_its_own_unless_it_has_one() -> None:
    llm = {"kind": "llama.cpp", "models": {"m": {}}}
    front = {"kind": "litellm", "upstreams": ["llm"]}
    own = {**front, "port": 4001, "secrets": {"LITELLM_MASTER_KEY": {"env": "X"}}}
    found = {each.name: each for each in services(rig(llm=llm, front=front, own=own), catalog())}
    told = {name: json.loads(found[name].files["config.yaml"]).get("general_settings") for name in ("front", "own")}
    assert told == {"front": {"dangerously_permit_weak_or_unset_master_key": True}, "own": None}


def test_whisper_cpp_converts_where_it_can_write() -> None:
    plain, converting = (shlex.split(one("whisper.cpp", args=args).command[0]) for args in ({}, {"convert": True}))
    assert plain[0] == "whisper-server" and "--tmp-dir" not in plain
    assert converting[converting.index("--tmp-dir") + 1] == "/tmp" and converting[-1] == "--convert"


def test_tabbyapi_has_a_file() -> None:
    found = one("tabbyapi", models={"m": {"parallel": 2, "cache_type": "q8_0", "args": {"model": {"chunk_size": 512}}}})
    told = json.loads(found.files["config.yml"])
    assert (told["model"]["model_dir"], told["model"]["model_name"]) == tuple(SNAPSHOT.rsplit("/", 1))
    assert (told["model"]["max_seq_len"], told["model"]["cache_size"], told["model"]["cache_mode"]) == (
        4096,
        8192,
        "Q8",
    )
    assert told["model"]["chunk_size"] == 512 and told["model"]["tensor_parallel_backend"] == "native"
    assert found.memlock and json.loads(compose.text(found, "/x"))["services"]["it"]["ulimits"] == {"memlock": -1}


def test_compose_is_told_all_of_it() -> None:
    found = one("llama.cpp", env={"A": "$x"}, secrets={"TOKEN": {"env": "T"}}, gpus=["PCIE1"])
    text = compose.text(found, "/var/lib/runtimes")
    assert '"A": "$$x"' in text
    document = json.loads(text)["services"]["it"]
    assert document["ports"] == ["127.0.0.1:8080:8080"]
    assert document["environment"] == {"A": "$$x", "TOKEN": None}, "a secret is taken from the unit's environment"
    assert document["user"] == f"{uid_of('it')}:{uid_of('it')}" and document["read_only"] is True
    assert document["cap_drop"] == ["ALL"] and document["restart"] == "no"
    (cards,) = document["deploy"]["resources"]["reservations"]["devices"]
    assert (cards["driver"], cards["device_ids"]) == ("cdi", [f"nvidia.com/gpu={UUIDS[0]}"])
    assert [(each["source"], each["read_only"]) for each in document["volumes"]] == [
        ("/etc/rigwright/runtimes/it/files/models.ini", True), ("/srv/models", True),
    ]  # fmt: skip
    assert all(each["bind"] == {"create_host_path": False} for each in document["volumes"])


def test_a_quadlet_is_told_the_same() -> None:
    found = one("vllm", env={"A": 'a "b" 100 %'}, secrets={"TOKEN": {"env": "T"}})
    lines = quadlet.lines(found, "/var/lib/runtimes")
    assert 'Environment="A=a \\"b\\" 100 %%"' in lines
    assert "PodmanArgs=--env=TOKEN" in lines and "PublishPort=127.0.0.1:8000:8000" in lines
    assert "AddDevice=nvidia.com/gpu=all" in lines and "PodmanArgs=--ipc=host" in lines
    assert "Volume=/var/lib/runtimes/it/cache:/root/.cache/vllm" in lines
    assert not [line for line in lines if line.startswith("User=")], "vLLM's image runs as root"
    assert not [line for line in lines if line.startswith("ShmSize=")], "podman takes one of the two"
    assert "ShmSize=8192m" in quadlet.lines(one("tabbyapi"), "/var/lib/runtimes")


def test_another_option_is_another_revision_and_a_secret_is_not() -> None:
    before = one("custom", image=IMAGE, port=9000)
    assert one("custom", image=IMAGE, port=9000).revision == before.revision
    assert one("custom", image=IMAGE, port=9000, args={"x": 1}).revision != before.revision
    assert one("custom", image=IMAGE, port=9000, secrets={"A": {"env": "B"}}).revision == before.revision


def test_names_have_numbers_of_their_own() -> None:
    numbers = {uid_of(f"runtime-{number}") for number in range(50)}
    assert len(numbers) == 50 and all(70000 <= number < 80000 for number in numbers)

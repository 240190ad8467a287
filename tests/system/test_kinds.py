"""Every kind of runtime by both engines: what is rendered is taken by the real tools, starts, and sees just its cards.

llama.cpp is real; the others are stand-ins under the images' own names, which say what they were started with. TabbyAPI
is to lock memory without bound, which nothing may in such a host: what it is told is held against the real tools. What
is in `REAL` runs as the real program in `test_real_kinds.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.runtimes import compose, quadlet, service
from rigwright.choice.runtimes.service import uid_of
from rigwright.spec.load import load_rigs
from rigwright.spec.locks import write_images
from sim.gpu.models import rtx3090s
from sim.host.throwaway import ThrowawayHost
from sim.registry.recipes import REAL, STAND_INS
from sim.repository.vendors import VendorRepositories
from tasks.runtimes.podman import GENERATOR
from tests.system.declared import LLAMA, declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "driver,containers,models,runtimes")
SECRET = {"command": ["echo", 's3cret-0123456789 $HOME "x" `y`']}
NO_CUDA = {"cuda": {"toolkits": [], "default": None}}


def services(first: str, second: str) -> dict[str, Any]:
    """One of each kind. ``first``, ``second``: the cards' UUIDs."""
    model: dict[str, Any] = {"models": {"tiny": {"context_tokens": 1024}}}
    return {
        "llm": {"kind": "llama.cpp", **model},
        "swap": {"kind": "llama-swap", **model, "config": {"models": {"tiny": {"ttl": 300}}}},
        "ollama": {"kind": "ollama", "models": {"pulled": {"context_tokens": 1024}}},
        "vllm": {"kind": "vllm", **model, "gpus": [first], "exclusive": False, "args": {"swap-space": 2}},
        "sglang": {"kind": "sglang", **model, "gpus": [second]},
        "comfy": {
            "kind": "comfyui",
            "args": {"lowvram": True},
            "env": {"ODD": 'a "name" with $HOME, 100 %'},
            "secrets": {"TOKEN": SECRET},
        },
        "speaches": {"kind": "speaches", "gpus": []},
    }


@pytest.fixture(scope="module")
def all_images() -> Iterator[VendorRepositories]:
    with VendorRepositories(images=[LLAMA, *STAND_INS]) as repositories:
        yield repositories


@pytest.fixture(scope="module", params=["docker", "podman"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, all_images: VendorRepositories
) -> Iterator[tuple[ThrowawayHost, Site, tuple[str, str]]]:
    with gpu_host("basement") as host:
        all_images.registries_for(host)
        first, second = (card.uuid for card in rtx3090s(2))
        more: dict[str, Any] = {
            "containers": {"engine": request.param, "daemon": {"max-concurrent-downloads": None}},
            "models": {"wanted": {"pulled": {"ollama": "tiny-llama:q8_0"}}},
            "runtimes": {"services": services(first, second)},
        }
        project = site(tmp_path_factory.mktemp("project"), {host: declared(all_images, "trixie", NO_CUDA, more)})
        write_images(project.project, all_images.images())
        project.apply(*LAYERS)
        yield host, project, (first, second)


def engine_of(host: ThrowawayHost) -> str:
    return "docker" if host.run("command -v docker", check=False).returncode == 0 else "podman"


def told(host: ThrowawayHost, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        host.run(f"curl -sS http://127.0.0.1:{catalog().runtimes[kind].port}/stand-in").stdout
    )
    assert found["stand_in"]
    return found


def test_every_kind_that_has_an_image_runs_here_or_for_real() -> None:
    here = {each["kind"] for each in services("", "").values()}
    real = {name for name, kind in catalog().runtimes.items() if kind.image in REAL}
    assert here | real | {"tabbyapi", "custom"} == set(catalog().runtimes)
    assert here & real == {"llama.cpp"}


def test_all_of_them_run_and_a_second_apply_changes_nothing(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host, project, _ = made
    plan = project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)
    proof = project.document("verify", "--layer", "runtimes,models")
    assert proof["exit_status"] == 0, changes(proof)
    failed = host.run("systemctl --failed --no-legend").stdout
    assert "rig-" not in failed


def test_each_sees_just_its_cards(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host, _, (first, second) = made
    seen = {kind: told(host, kind)["cards"] for kind in ("vllm", "sglang", "llama-swap", "comfyui", "speaches")}
    assert seen == {
        "vllm": [first],
        "sglang": [second],
        "llama-swap": [first, second],
        "comfyui": [first, second],
        "speaches": [],
    }


def test_each_is_started_as_declared(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host = made[0]
    words = {kind: told(host, kind)["words"] for kind in ("vllm", "sglang", "llama-swap")}
    vllm = words["vllm"]
    assert vllm[vllm.index("--max-model-len") + 1] == "1024" and vllm[vllm.index("--swap-space") + 1] == "2"
    assert vllm[vllm.index("--tensor-parallel-size") + 1] == "1"
    assert "--served-model-name" in words["sglang"]
    assert words["llama-swap"][:1] == ["--config"]
    pid = host.run(f"{engine_of(host)} inspect --format '{{{{.State.Pid}}}}' rig-llm").stdout.strip()
    assert host.run(f"stat -c %u /proc/{pid}").stdout.strip() == str(uid_of("llm"))


def test_odd_values_arrive_as_they_were_written(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host = made[0]
    found = host.run(f"{engine_of(host)} exec rig-comfy printenv ODD TOKEN").stdout.splitlines()
    assert found == ['a "name" with $HOME, 100 %', SECRET["command"][1]]


def test_what_stands_in_front_calls_them_by_name(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host = made[0]
    found = host.run(f"{engine_of(host)} exec rig-comfy curl -sS http://llm:8080/v1/models").stdout
    assert json.loads(found)["data"][0]["id"] == "tiny"


def test_ollama_finds_its_models_and_can_change_nothing(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host = made[0]
    found = json.loads(host.run("curl -sS http://127.0.0.1:11434/api/tags").stdout)["models"]
    assert [each["name"] for each in found] == ["tiny-llama:q8_0"]
    assert json.loads(host.run("curl -sS http://127.0.0.1:11434/stand-in").stdout)["user"] == uid_of("ollama")
    write = "open('/models/blobs/x', 'w')"
    refused = host.run(f'{engine_of(host)} exec rig-ollama python3 -c "{write}"', check=False)
    assert refused.returncode != 0 and "Read-only file system" in refused.stderr + refused.stdout


def test_tabbyapi_is_taken_by_the_real_tool(made: tuple[ThrowawayHost, Site, tuple[str, str]]) -> None:
    host, project, _ = made
    rig = load_rigs(
        project.project,
        overrides=['runtimes.services.tabby={"kind": "tabbyapi", "models": {"tiny": {"cache_type": "q4_0"}}}'],
    ).rigs["basement"]
    tabby = service(rig, catalog(), "tabby")
    if engine_of(host) == "docker":
        told = host.run("docker compose -f /dev/stdin config", input=compose.text(tabby, rig.runtimes.data)).stdout
        assert "memlock: -1" in told and "shm_size:" in told
    else:
        lines = "\n".join(["[Container]", *quadlet.lines(tabby, rig.runtimes.data)])
        look = f"mkdir /dev/shm/q && cat > /dev/shm/q/x.container && cp {quadlet.NETWORK_FILE} /dev/shm/q && "
        told = host.run(f"{look} QUADLET_UNIT_DIRS=/dev/shm/q {GENERATOR} -dryrun 2>&1", input=lines).stdout
        assert "--ulimit memlock=-1:-1" in told and "--shm-size 8192m" in told

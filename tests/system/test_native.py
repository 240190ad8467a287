"""Runtimes as services by themselves, on Debian 12: the real llama.cpp, and a stand-in for Ollama that is upgraded.

At last that gets models of the Ollama registry, of which the real llama.cpp loads one, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.registry.archives import OLLAMA
from sim.repository.vendors import VendorRepositories
from tests.system.locked_models import tiny
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "models,runtimes")
OLD, NEW = OLLAMA


@pytest.fixture(scope="module")
def archives() -> Iterator[VendorRepositories]:
    with VendorRepositories(native=True) as repositories:
        yield repositories


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, archives: VendorRepositories
) -> Iterator[tuple[ThrowawayHost, Site]]:
    with ThrowawayHost("basement", "bookworm") as host:
        declared: dict[str, Any] = {
            "driver": {"source": "none"},
            "containers": {"state": "absent", "toolkit": {"state": "absent"}},
            "models": {
                "endpoint": archives.hub_url,
                "ollama_registry": archives.ollama_registry_url,
                "keep_free_gb": 1,
                "wanted": {"tiny": tiny()},
            },
            "runtimes": {
                "services": {
                    "llm": {
                        "kind": "llama.cpp",
                        "how": "native",
                        "archive": archives.llama_cpp(),
                        "models": {"tiny": {"context_tokens": 1024, "cache_type": "q8_0"}},
                        "args": {"threads": 2},
                        "env": {"ODD": 'a "b" 100 % $HOME'},
                        "secrets": {"TOKEN": {"command": ["echo", 'x"y$z`']}},
                    },
                    "ollama": {"kind": "ollama", "how": "native", "archive": archives.ollama(OLD)},
                }
            },
        }
        project = site(tmp_path_factory.mktemp("project"), {host: declared})
        project.apply(*LAYERS)
        yield host, project


def test_a_second_apply_changes_nothing_and_the_proof_holds(made: tuple[ThrowawayHost, Site]) -> None:
    _, project = made
    plan = project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)
    proof = project.document("verify", *LAYERS)
    assert proof["exit_status"] == 0, changes(proof)


def test_the_real_llama_answers_as_a_user_of_its_own(made: tuple[ThrowawayHost, Site]) -> None:
    host = made[0]
    body = json.dumps({"model": "tiny", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]})
    url = "http://127.0.0.1:8080/v1/chat/completions"
    answer = host.run(f"curl -sS --max-time 60 {url} -H 'content-type: application/json' -d @-", input=body).stdout
    assert json.loads(answer)["usage"]["completion_tokens"] > 0
    pid = host.run("systemctl show -P MainPID rig-llm").stdout.strip()
    assert host.run(f"stat -c %U /proc/{pid}").stdout.strip() == "rig-llm"
    environment = host.run(f"tr '\\0' '\\n' < /proc/{pid}/environ").stdout.splitlines()
    assert 'ODD=a "b" 100 % $HOME' in environment and 'TOKEN=x"y$z`' in environment
    listening = host.run("ss -Hltn | awk '{print $4}'").stdout.split()
    assert {each for each in listening if each.endswith((":8080", ":11434"))} == {"127.0.0.1:8080", "127.0.0.1:11434"}


def test_an_upgrade_removes_the_old_libraries_and_keeps_the_models(
    made: tuple[ThrowawayHost, Site], archives: VendorRepositories
) -> None:
    host, project = made
    assert told(host)["version"] == OLD
    host.run("echo precious > /srv/models/ollama/blob && chown rig-ollama: /srv/models/ollama/blob")
    newer = ("--set", f"runtimes.services.ollama.archive={json.dumps(archives.ollama(NEW))}")
    applied = project.document("apply", "--yes", *LAYERS, *newer)
    ran = [each["name"] for each in applied["hosts"][0]["operations"] if each["status"] == "changed"]
    assert "Run ollama" in ran and "Run llm" not in ran, changes(applied)
    assert told(host)["version"] == NEW
    assert host.run("ls /opt/rigwright/ollama").stdout.split() == [NEW]
    assert host.run("find / -xdev -name 'libggml-*.so' -path '*ollama*'").stdout.split() == [
        f"/opt/rigwright/ollama/{NEW}/lib/ollama/libggml-{NEW}.so"
    ]
    assert host.run("cat /srv/models/ollama/blob").stdout.strip() == "precious"
    plan = project.document("plan", *LAYERS, *newer)
    assert plan["exit_status"] == 0, changes(plan)


def test_an_archive_with_another_hash_changes_nothing(
    made: tuple[ThrowawayHost, Site], archives: VendorRepositories
) -> None:
    host, project = made
    project.apply(*LAYERS)
    wrong = {**archives.ollama(NEW), "sha256": "0" * 64}
    done = project.rig("apply", "--yes", *LAYERS, "--set", f"runtimes.services.ollama.archive={json.dumps(wrong)}")
    assert done.returncode == 1, said(done)
    assert f"has hash {archives.ollama(NEW)['sha256']}, declared is {'0' * 64}: nothing was changed" in done.stdout
    assert told(host)["version"] == OLD
    assert host.run("ls -A /opt/rigwright/ollama").stdout.split() == [OLD]


def test_declared_models_of_ollama_are_served_and_are_not_its_own_to_change(made: tuple[ThrowawayHost, Site]) -> None:
    """From a store that was Ollama's own until then."""
    host, project = made
    served = {"pulled": {"context_tokens": 2048}, "small": {"context_tokens": 2048}}
    more = (
        "--set", f"models.wanted.pulled={json.dumps({'ollama': 'tiny-llama'})}",
        "--set", f"models.wanted.small={json.dumps({'ollama': 'tiny-llama:q8_0'})}",
        "--set", f"runtimes.services.ollama.models={json.dumps(served)}",
        "--set", "runtimes.services.llm.models.small.context_tokens=1024",
    )  # fmt: skip
    project.apply(*LAYERS, *more)
    found = json.loads(host.run("curl -sS http://127.0.0.1:11434/api/tags").stdout)["models"]
    assert [each["name"] for each in found] == ["tiny-llama:latest", "tiny-llama:q8_0"]
    variables = json.loads(host.run("curl -sS http://127.0.0.1:11434/stand-in").stdout)["variables"]
    assert (variables["OLLAMA_MODELS"], variables["OLLAMA_NOPRUNE"]) == ("/srv/models/ollama", "1")
    assert variables["OLLAMA_CONTEXT_LENGTH"] == "2048"
    store = "/srv/models/ollama"
    blobs = host.run(f"stat -c '%a %U' {store} {store}/blobs {store}/blobs/sha256-*").stdout.splitlines()
    assert set(blobs) == {"755 root", "644 root"}
    pid = host.run("systemctl show -P MainPID rig-ollama").stdout.strip()
    inside = f"nsenter -t {pid} -m setpriv --reuid rig-ollama --regid rig-ollama --clear-groups"
    assert host.run(f"{inside} touch {store}/blobs/x", check=False).returncode != 0
    body = json.dumps({"model": "small", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]})
    url = "http://127.0.0.1:8080/v1/chat/completions"
    answer = host.run(f"curl -sS --max-time 60 {url} -H 'content-type: application/json' -d @-", input=body).stdout
    assert json.loads(answer)["usage"]["completion_tokens"] > 0, "the blob, by the real llama.cpp"
    plan = project.document("plan", *LAYERS, *more)
    assert plan["exit_status"] == 0, changes(plan)
    proof = project.document("verify", *LAYERS, *more)
    assert proof["exit_status"] == 0, changes(proof)
    manifest = f"{store}/manifests/registry.ollama.ai/library/tiny-llama/q8_0"
    host.run(f"mv {manifest} {store}/aside")
    shown = project.rig("verify", "--layer", "runtimes", *more)
    host.run(f"mv {store}/aside {manifest}")
    assert shown.returncode == 1 and "ollama does not serve tiny-llama:q8_0" in " ".join(shown.stdout.split())


def told(host: ThrowawayHost) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.run("curl -sS http://127.0.0.1:11434/api/version").stdout)
    assert found["models"] == "/srv/models/ollama"
    return found

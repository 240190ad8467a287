"""Layer runtimes on a throw-away host: the real llama.cpp from an image of its own name, real Docker, a tiny model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rigwright.spec.locks import write_images
from sim.host.throwaway import ThrowawayHost
from sim.hub import shelf
from sim.repository.vendors import VendorRepositories
from tests.system.hosts import gpu_host
from tests.system.locked_models import tiny
from tests.system.outcome import changes
from tests.system.site import Site, site

pytestmark = pytest.mark.system

LAYERS = ("--layer", "containers,models,runtimes")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[tuple[ThrowawayHost, Site]]:
    with gpu_host("basement", driver_version="580.95.05") as host:
        vendors.registries_for(host)
        declared: dict[str, Any] = {
            "driver": {"source": "none"},
            "containers": {"toolkit": {"state": "absent"}},
            "models": {
                "endpoint": vendors.hub_url,
                "keep_free_gb": 1,
                "wanted": {"tiny": tiny(), "small": tiny("q8_0")},
            },
            "runtimes": {
                "services": {
                    "llm": {
                        "kind": "llama.cpp",
                        "models": {"tiny": {"context_tokens": 1024, "cache_type": "q8_0"}, "small": {"parallel": 2}},
                        "args": {"threads": 2},
                    }
                }
            },
        }
        project = site(tmp_path_factory.mktemp("project"), {host: declared})
        write_images(project.project, vendors.images())
        project.apply(*LAYERS)
        yield host, project


def asked(host: ThrowawayHost, model: str) -> dict[str, Any]:
    body = json.dumps({"model": model, "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]})
    answer = host.run(
        "curl -sS --max-time 60 http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' -d @-",
        input=body,
    ).stdout
    found: dict[str, Any] = json.loads(answer)
    return found


def test_a_second_apply_changes_nothing(made: tuple[ThrowawayHost, Site]) -> None:
    _, project = made
    plan = project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)


@pytest.mark.parametrize("model", ["tiny", "small"])
def test_it_answers(made: tuple[ThrowawayHost, Site], model: str) -> None:
    found = asked(made[0], model)
    assert found["usage"]["completion_tokens"] > 0, found
    assert found["model"].startswith(model) or shelf.REPOSITORY in found["model"]

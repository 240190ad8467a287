"""Kinds of runtime beside llama.cpp as the real programs, through the gateway: what they are told is what they take.

`test_kinds.py` has the others, as stand-ins.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.runtimes.service import uid_of
from rigwright.spec.locks import write_images
from sim.hub import tiny_whisper
from sim.repository.vendors import VendorRepositories
from tests.system.declared import LLAMA
from tests.system.door import PORT, Door
from tests.system.hosts import gpu_host
from tests.system.locked_models import tiny, whisper
from tests.system.outcome import changes
from tests.system.site import site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "base,access,containers,models,runtimes,gateway")
KEY = "sk-owner-0123456789abcdefghij"
KINDS = ("whisper.cpp",)
"""What runs here, beside llama.cpp."""


def image_of(kind: str) -> str:
    found = catalog().runtimes[kind].image
    assert found is not None
    return found


def declared(vendors: VendorRepositories, key: Path, address: str) -> dict[str, Any]:
    return {
        "access": {"users": {}},
        "driver": {"source": "none"},
        "containers": {"toolkit": {"state": "absent"}},
        "models": {
            "endpoint": vendors.hub_url,
            "keep_free_gb": 1,
            "wanted": {"tiny": tiny(), "hears": whisper()},
        },
        "runtimes": {
            "services": {
                "llm": {"kind": "llama.cpp", "models": {"tiny": {}}, "args": {"threads": 2}},
                "ears": {"kind": "whisper.cpp", "models": {"hears": {}}, "args": {"threads": 2}},
            }
        },
        "gateway": {
            "routes": {"llm": {}, "ears": {}},
            "names": ["basement", address],
            "port": PORT,
            "clients": {"me": {"api_key": {"file": str(key)}}},
        },
    }


@pytest.fixture(scope="module")
def images() -> Iterator[VendorRepositories]:
    with VendorRepositories(images=[LLAMA, *map(image_of, KINDS)]) as repositories:
        yield repositories


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, images: VendorRepositories) -> Iterator[Door]:
    key = tmp_path_factory.mktemp("keys") / "me"
    key.touch(mode=0o600)
    key.write_text(KEY)
    with gpu_host("basement") as host:
        images.registries_for(host)
        project = site(tmp_path_factory.mktemp("project"), {host: declared(images, key, host.address)})
        write_images(project.project, images.images())
        project.apply(*LAYERS)
        yield Door(host, project)


def test_a_second_apply_changes_nothing_and_the_proof_holds(door: Door) -> None:
    plan = door.project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)
    proof = door.project.document("verify", "--layer", "runtimes,gateway")
    assert proof["exit_status"] == 0, changes(proof)


def test_whisper_cpp_writes_down_what_it_hears(door: Door) -> None:
    heard = door.client(KEY, "ears").audio.transcriptions.create(
        model="whisper-1", file=("two-seconds.wav", _silence())
    )
    assert heard.text.strip() == tiny_whisper.SAYS
    assert door.status("/ears/v1/audio/transcriptions") == 401


def test_whisper_cpp_lets_nobody_load_another_model_or_see_its_page(door: Door) -> None:
    assert {door.status(f"/ears{path}", KEY) for path in ("/", "/load", "/inference")} == {404}


def test_whisper_cpp_is_a_user_of_its_own(door: Door) -> None:
    pid = door.host.run("docker inspect --format '{{.State.Pid}}' rig-ears").stdout.strip()
    assert door.host.run(f"stat -c %u /proc/{pid}").stdout.strip() == str(uid_of("ears"))


def _silence(seconds: int = 2, rate: int = 16000) -> bytes:
    """A WAV file."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * seconds * rate))
    return whole.getvalue()

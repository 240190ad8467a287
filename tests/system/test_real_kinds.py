"""Kinds of runtime beside llama.cpp as the real programs, through the gateway: what they are told is what they take.

`test_kinds.py` has the others, as stand-ins.
"""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
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
from tests.system.site import said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "base,access,containers,models,runtimes,gateway")
KEY = "sk-owner-0123456789abcdefghij"
ADMIN = "me@example.org"
PASSWORD = f'{"long " * 20}$HOME "x" `y` ü'
"""More than bcrypt's 72 bytes."""
SOMEBODY = {"name": "Somebody", "email": "somebody@example.org", "password": "s0mebody-0123456789"}
DATA = "/var/lib/rigwright/runtimes"
KINDS = ("whisper.cpp", "litellm", "open-webui")
"""What runs here, beside llama.cpp."""


def image_of(kind: str) -> str:
    found = catalog().runtimes[kind].image
    assert found is not None
    return found


def declared(vendors: VendorRepositories, key: Path, address: str, engine: str) -> dict[str, Any]:
    return {
        "access": {"users": {}},
        "driver": {"source": "none"},
        "containers": {"engine": engine, "toolkit": {"state": "absent"}},
        "models": {
            "endpoint": vendors.hub_url,
            "keep_free_gb": 1,
            "wanted": {"tiny": tiny(), "hears": whisper()},
        },
        "runtimes": {
            "services": {
                "llm": {"kind": "llama.cpp", "models": {"tiny": {}}, "args": {"threads": 2}},
                "ears": {"kind": "whisper.cpp", "models": {"hears": {}}, "args": {"threads": 2}},
                "front": {"kind": "litellm", "upstreams": ["llm"]},
                "page": {
                    "kind": "open-webui",
                    "upstreams": ["llm"],
                    "env": {"WEBUI_ADMIN_EMAIL": ADMIN},
                    "secrets": {
                        "WEBUI_ADMIN_PASSWORD": {"command": ["echo", PASSWORD]},
                        "WEBUI_SECRET_KEY": {"command": ["echo", "webui-0123456789abcdefghij0123456789"]},
                    },
                },
            }
        },
        "gateway": {
            "routes": {"llm": {}, "ears": {}, "front": {}, "page": {"guard": "own"}},
            "default": "page",
            "names": ["basement", address],
            "port": PORT,
            "clients": {"me": {"api_key": {"file": str(key)}}},
        },
    }


@pytest.fixture(scope="module")
def images() -> Iterator[VendorRepositories]:
    with VendorRepositories(images=[LLAMA, *map(image_of, KINDS)]) as repositories:
        yield repositories


@pytest.fixture(scope="module", params=["docker", "podman"])
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, images: VendorRepositories
) -> Iterator[Door]:
    key = tmp_path_factory.mktemp("keys") / "me"
    key.touch(mode=0o600)
    key.write_text(KEY)
    with gpu_host("basement") as host:
        images.registries_for(host)
        project = site(tmp_path_factory.mktemp("project"), {host: declared(images, key, host.address, request.param)})
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
    assert door.host.run("ps -o uid= -C whisper-server").stdout.strip() == str(uid_of("ears"))


def test_litellm_streams_an_answer_of_what_it_stands_in_front_of(door: Door) -> None:
    stream = door.client(KEY, "front").chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "Say something."}], max_tokens=16, stream=True
    )
    pieces = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert len([piece for piece in pieces if piece]) > 1, "it came in one piece: it is held back on the way"
    assert [model.id for model in door.client(KEY, "front").models.list()] == ["tiny"]


def test_litellm_lets_nobody_at_its_settings(door: Door) -> None:
    paths = ("/", "/model/info", "/v1/model/info", "/config/yaml", "/key/generate", "/get/config/callbacks", "/ui/")
    assert {door.status(f"/front{path}", KEY) for path in paths} == {404}
    assert door.status("/front/v1/models") == 401


def test_open_webui_has_its_administrator_who_sees_the_models(door: Door) -> None:
    status, admin = _asked(door, "/api/v1/auths/signin", {"email": ADMIN, "password": PASSWORD})
    assert (status, admin["role"]) == (200, "admin")
    status, models = _asked(door, "/api/models", token=admin["token"])
    assert status == 200 and [each["id"] for each in models["data"]] == ["tiny"]
    question = {"model": "tiny", "messages": [{"role": "user", "content": "Say something."}], "max_tokens": 8}
    status, answer = _asked(door, "/api/chat/completions", {**question, "stream": False}, admin["token"])
    assert status == 200 and answer["choices"][0]["message"]["content"]


def test_open_webui_lets_nobody_sign_up(door: Door) -> None:
    assert _asked(door, "/api/v1/auths/signup", SOMEBODY)[0] == 403
    assert _asked(door, "/api/v1/auths/signin", {"email": ADMIN, "password": PASSWORD[:72]})[0] == 400


def test_open_webui_has_its_administrator_before_it_answers(door: Door) -> None:
    """From an empty folder: the first answer that anybody gets to a wish to sign up is a refusal."""
    door.host.run(f"systemctl stop rig-page && rm -rf {DATA}/page/data/* && systemctl start --no-block rig-page")
    wish = "curl -s -o /dev/null -m 5 -w '%{http_code}' --json @- http://127.0.0.1:3000/api/v1/auths/signup"
    look = f"cat > /dev/shm/wish; until s=$({wish} < /dev/shm/wish); [ $s != 000 ]; do sleep 0.05; done; echo $s"
    assert door.host.run(look, input=json.dumps(SOMEBODY)).stdout.strip() == "403"
    assert _asked(door, "/api/v1/auths/signin", {"email": ADMIN, "password": PASSWORD})[0] == 200


def test_what_ends_while_it_starts_is_said_at_once(door: Door) -> None:
    """And not after a day, when it has been waited for long enough; its own words are in the journal."""
    ears = "runtimes.services.ears"
    wrong = ("--set", f"{ears}.args.model=/nowhere.bin", "--set", f"{ears}.start_s=86400")
    done = door.project.rig("apply", "--yes", *LAYERS, *wrong)
    assert done.returncode == 1, said(done)
    assert "failed to open '/nowhere.bin'" in done.stdout + done.stderr, said(done)
    door.project.apply(*LAYERS)
    test_whisper_cpp_writes_down_what_it_hears(door)


def _asked(door: Door, path: str, sent: dict[str, Any] | None = None, token: str = "") -> tuple[int, Any]:
    """Status and document."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(verify=door.context(), timeout=60, headers=headers) as client:
        answer = client.get(f"{door.url}{path}") if sent is None else client.post(f"{door.url}{path}", json=sent)
    return answer.status_code, answer.json()


def _silence(seconds: int = 2, rate: int = 16000) -> bytes:
    """A WAV file."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * seconds * rate))
    return whole.getvalue()

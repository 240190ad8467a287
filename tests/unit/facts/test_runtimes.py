"""What is read of runtimes, images and archives."""

from __future__ import annotations

from rigwright.facts.archives import Unpacked
from rigwright.facts.images import Images
from rigwright.facts.runtimes import OwnRuntimes, SystemUsers
from rigwright.facts.serving import Serving, ServingState


def test_images_by_digest() -> None:
    found = Images().process(['["ghcr.io/a/b@sha256:1","x/b@sha256:1"]', "[]", "null"])
    assert found == {"ghcr.io/a/b@sha256:1", "x/b@sha256:1"}


def test_a_stopped_engine_is_not_woken() -> None:
    assert Images().command("docker").startswith("(systemctl is-active -q docker.service || exit 0;")
    assert "systemctl" not in Images().command("podman")


def test_archives_that_were_not_unpacked_to_their_end() -> None:
    assert Unpacked().process(["b1=abc", "b2="]) == {"b1": "abc", "b2": None}


def test_runtimes_of_ours() -> None:
    assert OwnRuntimes().process(["llm", "page", ""]) == {"llm", "page"}


def test_users_by_number() -> None:
    assert SystemUsers().process(["rig-llm:x:70123:70123:Rigwright runtime:/:/usr/sbin/nologin", "odd"]) == {
        "rig-llm": 70123
    }


def test_what_serves() -> None:
    found = Serving().process(
        ["llm|active|0|200|362.90 tokens per second", "big|failed|3|000|", "v|active||503|41.2 tokens/s"]
    )
    assert found == {
        "llm": ServingState("active", 0, 200, 362.9),
        "big": ServingState("failed", 3, 0, None),
        "v": ServingState("active", 0, 503, 41.2),
    }

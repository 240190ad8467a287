"""What is asked of an Ollama registry, and what becomes of the answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigwright.locking.asking import CannotLock
from rigwright.locking.ollama import lock
from rigwright.spec.locks import LockedFile, LockedModel
from rigwright.spec.models import WantedModel
from rigwright.spec.ollama import MANIFEST, MODEL, PARAMETERS, OllamaName
from sim.hub import ollama
from tests.unit.fetch.shelf import Shelf, served

NAME = OllamaName.of("tiny-llama")
TAG = "v2/library/tiny-llama/manifests/latest"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    ollama.publish(tmp_path)
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with served(Shelf(files, elsewhere=True)) as it:
        yield it


@pytest.mark.parametrize(
    ("text", "whole", "known_as"),
    [
        ("qwen3", "library/qwen3:latest", "qwen3:latest"),
        ("qwen3:8b", "library/qwen3:8b", "qwen3:8b"),
        ("library/qwen3:8b", "library/qwen3:8b", "qwen3:8b"),
        ("owner/model.x:q4_K_M", "owner/model.x:q4_K_M", "owner/model.x:q4_K_M"),
    ],
)
def test_what_a_name_leaves_out(text: str, whole: str, known_as: str) -> None:
    name = OllamaName.of(text)
    assert (name.whole, name.served) == (whole, known_as)
    assert WantedModel(ollama=text).source == f"ollama {whole}", "the same model has the same entry in the lock"


def test_the_manifest_is_kept_whole_and_each_blob_by_its_hash(shelf: Shelf) -> None:
    found = lock(NAME, shelf.address)
    manifest, *blobs = found.files
    data = ollama.manifest("latest")
    assert (manifest.text, manifest.size) == (data.decode(), len(data))
    assert manifest.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert {each.digest: each.size for each in blobs} == {
        digest: len(data) for digest, data in ollama.blobs("latest").items()
    }
    assert [each.media_type for each in blobs].count(MODEL) == 1
    assert found.own_context is None
    assert LockedModel.model_validate_json(found.model_dump_json(exclude_none=True)) == found


def test_of_the_weights_the_head_alone_is_asked_for(shelf: Shelf) -> None:
    found = lock(NAME, shelf.address)
    size = next(each.size for each in found.files if each.media_type == MODEL)
    assert shelf.ranges_asked == [f"0-{size - 1}"], "as far as a header can go, and no further than there is"
    assert found.reckoned is not None
    assert (found.reckoned.format, found.reckoned.kv_heads, found.reckoned.context_length) == ("gguf", [1, 1], 4096)


def test_a_context_of_its_own_is_kept(shelf: Shelf) -> None:
    _replace(shelf, PARAMETERS, json.dumps({"num_ctx": 16384, "stop": []}).encode())
    assert lock(NAME, shelf.address).own_context == 16384


def test_what_is_no_gguf_is_pinned_and_not_reckoned(shelf: Shelf) -> None:
    _replace(shelf, MODEL, b"tensors of another kind")
    found = lock(NAME, shelf.address)
    assert found.reckoned is None
    assert found.not_reckoned == "the file begins with b'tens', expected b'GGUF'"
    document = json.loads(shelf.files[TAG])
    document["layers"] = document["layers"][1:]
    shelf.files[TAG] = json.dumps(document).encode()
    assert lock(NAME, shelf.address).not_reckoned == "it has 0 layers with a model, expected one with a GGUF"


def _replace(shelf: Shelf, kind: str, data: bytes) -> None:
    """Another layer of this type."""
    document = json.loads(shelf.files[TAG])
    (layer,) = [each for each in document["layers"] if each["mediaType"] == kind]
    layer |= {"digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
    shelf.files[f"v2/library/tiny-llama/blobs/{layer['digest']}"] = data
    shelf.files[TAG] = json.dumps(document).encode()


GOOD: dict[str, Any] = json.loads(ollama.manifest("latest"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>", "no manifest of a model: Expecting value"),
        (b"\xff\xfe", "no manifest of a model: 'utf-8' codec"),
        (b" " * (2**20 + 1), "longer than 1048576 bytes"),
        (json.dumps({**GOOD, "mediaType": "a.list"}).encode(), f"of type 'a.list', expected '{MANIFEST}'"),
        (json.dumps({"layers": []}).encode(), "no manifest of a model: 'config'"),
        (json.dumps({**GOOD, "layers": [{**GOOD["config"], "digest": "md5:1"}]}).encode(), "a blob by 'md5:1'"),
        (json.dumps({**GOOD, "layers": [{**GOOD["config"], "digest": "sha256:../x"}]}).encode(), "digest: String"),
        (json.dumps({**GOOD, "config": {**GOOD["config"], "size": "1"}}).encode(), "size: Input should be a valid int"),
    ],
    ids=["a page", "no text", "endless", "another type", "no config", "no SHA-256", "a path", "no size"],
)
def test_what_is_no_manifest_is_said(shelf: Shelf, answer: bytes, said: str) -> None:
    shelf.files[TAG] = answer
    with pytest.raises(CannotLock) as refused:
        lock(NAME, shelf.address)
    assert said in str(refused.value) and f"{shelf.address}: library/tiny-llama:latest" in str(refused.value)


def test_who_is_not_there_is_said(shelf: Shelf) -> None:
    with pytest.raises(CannotLock, match=r"has no library/tiny-llama:7b$"):
        lock(OllamaName.of("tiny-llama:7b"), shelf.address)
    with pytest.raises(CannotLock, match=r"library/tiny-llama:latest: .*refused"):
        lock(NAME, "http://127.0.0.1:9")


def test_parameters_that_are_not_what_they_should_be_are_refused(shelf: Shelf) -> None:
    (digest,) = [each["digest"] for each in GOOD["layers"] if each["mediaType"] == PARAMETERS]
    shelf.files[f"v2/library/tiny-llama/blobs/{digest}"] = b"{}"
    with pytest.raises(CannotLock, match="parameters are not what their hash says"):
        lock(NAME, shelf.address)


def test_a_lock_whose_text_was_changed_by_hand_is_refused() -> None:
    digest = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
    assert LockedFile(name="manifest", size=2, digest=digest, text="{}").text == "{}"
    for wrong in ({"text": "[]"}, {"size": 3}):
        with pytest.raises(ValueError, match="text is not what size and digest say"):
            LockedFile.model_validate({"name": "manifest", "size": 2, "digest": digest, "text": "{}", **wrong})

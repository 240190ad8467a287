"""What is asked of a Hub, and what becomes of the answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigwright.locking.asking import CannotLock
from rigwright.locking.models import lock
from rigwright.spec.models import WantedModel
from sim.hub import shelf as hub
from tests.unit.fetch.shelf import Shelf, served

CONFIG = {
    "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 512,
    "max_position_embeddings": 8192,
}  # fmt: skip


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("hub")
    hub.publish(folder)
    files = files_below(folder)
    about = json.loads(files[f"api/models/{hub.REPOSITORY}/revision/main"])
    config = json.dumps(CONFIG).encode()
    about["siblings"] = [
        {"rfilename": "config.json", "size": len(config), "blobId": "1" * 40},
        *(
            {"rfilename": f"model-{part}.safetensors", "size": size, "blobId": "2" * 40, "lfs": _lfs(size)}
            for part, size in ((1, 1000), (2, 500))
        ),
    ]
    files["api/models/owner/tensors/revision/main"] = json.dumps(about).encode()
    files[f"owner/tensors/resolve/{hub.commit()}/config.json"] = config
    with served(Shelf(files)) as it:
        yield it


def _lfs(size: int) -> dict[str, object]:
    return {"sha256": "3" * 64, "size": size, "pointerSize": 1}


def test_a_gguf_of_the_hub(shelf: Shelf) -> None:
    found = lock(WantedModel(hub=hub.REPOSITORY, files=["*q8_0.gguf"]), shelf.address, None)
    data = hub.contents()["tiny-q8_0.gguf"]
    assert found.commit == hub.commit()
    assert [(each.name, each.size, each.digest) for each in found.files] == [
        ("tiny-q8_0.gguf", len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    ]
    assert found.reckoned is not None
    assert (found.reckoned.format, found.reckoned.kv_heads, found.reckoned.context_length) == ("gguf", [1, 1], 4096)
    assert 0 < found.reckoned.weights_bytes < len(data)


def test_a_whole_repository_of_several_models_is_pinned_and_not_reckoned(shelf: Shelf) -> None:
    found = lock(WantedModel(hub=hub.REPOSITORY), shelf.address, None)
    assert [each.name for each in found.files] == sorted(hub.contents())
    assert found.files[0].digest.startswith("git:"), "what is not in LFS has git's hash"
    assert found.reckoned is None
    assert found.not_reckoned == "these are several models: tiny-f16.gguf, tiny-q8_0.gguf; name the files of one"


def test_safetensors_are_reckoned_by_their_config(shelf: Shelf) -> None:
    found = lock(WantedModel(hub="owner/tensors"), shelf.address, None)
    assert found.reckoned is not None
    assert found.reckoned.model_dump(exclude={"format"}) == {
        "weights_bytes": 1500, "kv_heads": [2, 2, 2, 2], "key_length": 64, "value_length": 64, "context_length": 8192,
    }  # fmt: skip


def test_a_file_by_its_address(shelf: Shelf) -> None:
    url = f"{shelf.address}/{hub.REPOSITORY}/resolve/main/tiny-f16.gguf"
    found = lock(WantedModel(url=url, sha256="a" * 64), shelf.address, None)
    assert [(each.name, each.size) for each in found.files] == [("tiny-f16.gguf", len(hub.contents()["tiny-f16.gguf"]))]
    assert found.reckoned is not None


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            WantedModel(hub=hub.REPOSITORY, files=["*Q4.gguf"]),
            "has no file '*Q4.gguf'; it has README.md, tiny-f16.gguf",
        ),
        (WantedModel(hub="owner/gone"), "404"),
        (WantedModel(url="http://127.0.0.1:9/x.gguf", sha256="0" * 64), "refused"),
    ],
    ids=["no such file", "no such repository", "nobody there"],
)
def test_what_cannot_be_locked_is_said(shelf: Shelf, model: WantedModel, said: str) -> None:
    with pytest.raises(CannotLock, match=said.replace("*", r"\*")):
        lock(model, shelf.address, None)


def test_a_token_is_sent_and_never_said(shelf: Shelf) -> None:
    with served(Shelf(shelf.files, token="right")) as guarded:
        with pytest.raises(CannotLock) as refused:
            lock(WantedModel(hub=hub.REPOSITORY), guarded.address, "wrong-token")
        assert "wrong-token" not in str(refused.value)
        assert lock(WantedModel(hub=hub.REPOSITORY, files=["tiny-f16.gguf"]), guarded.address, "right").reckoned

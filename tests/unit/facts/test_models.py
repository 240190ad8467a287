"""What is read of models on a disk."""

from __future__ import annotations

import base64
import json

from rigwright.facts.models import FileSeen, ModelFiles

RECORD = {"hub/x/blobs/aa": ["sha256:aa", 10, 1763881200123456789], "hub/x/blobs/bb": ["sha256:bb", 20, 5], "odd": 3}


def lines(*more: str) -> list[str]:
    record = base64.b64encode(json.dumps(RECORD).encode()).decode()
    return [f"record {record}", "free 123456", "root /srv/models", *more]


def test_a_file_counts_as_hashed_only_as_it_was_then() -> None:
    found = ModelFiles().process(
        lines(
            "there 10 1763881200.123456789 1 /srv/models/hub/x/blobs/aa",
            "there 20 6.000000000 0 /srv/models/hub/x/blobs/bb",
            "there 30 7.000000000 0 /srv/a name.gguf",
            "absent 77 /srv/models/files/m/x.gguf",
        )
    )
    assert found.free == 123456
    assert found.files == {
        "/srv/models/hub/x/blobs/aa": FileSeen(10, "sha256:aa", linked=True),
        "/srv/models/hub/x/blobs/bb": FileSeen(20),
        "/srv/a name.gguf": FileSeen(30),
        "/srv/models/files/m/x.gguf": FileSeen(part=77),
    }


def test_a_broken_record_is_none() -> None:
    found = ModelFiles().process(["record !!!", "free 1", "root /srv", "there 10 5.000000000 0 /srv/x"])
    assert found.files == {"/srv/x": FileSeen(10)}

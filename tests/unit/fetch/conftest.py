"""The packed program."""

from __future__ import annotations

from pathlib import Path

import pytest

from fetch import pack


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fetch") / "fetch.pyz"
    path.write_bytes(pack.build())
    return path

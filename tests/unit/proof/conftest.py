"""The marks that tests of tests/host bear, for tests of them."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let ``@proves`` be known, as tests/host/conftest.py does."""
    config.addinivalue_line("markers", "proves(*keys): the keys of the declaration that the test proves")

"""The proof's three answers. An assertion holds or falls short; what cannot be seen is said so, and why."""

from __future__ import annotations

from typing import NoReturn

import pytest

proves = pytest.mark.proves
"""Marks a test with the keys of the declaration that it proves: ``@proves("driver.branch", "driver.version")``.

A key is named without the names in between: ``access.users.shell`` is the shell of every user.
"""


class CouldNotTell(pytest.skip.Exception):
    """The third answer: neither holds nor falls short."""


def could_not_tell(why: str) -> NoReturn:
    """End the test without an answer, for what truly cannot be seen from here: it is counted, and never a pass.

    ``why``: one line for people, e.g. "no GPU driver can be loaded in a container".
    """
    raise CouldNotTell(why)

"""Deploys that several tests run, and what runs them."""

from __future__ import annotations

from collections.abc import Callable

from rigwright.engine.run import Run

Prepare = Callable[..., Run]
PAIR = """
    @deploy("base")
    def base():
        have(name="First", what="one")
        have(name="Second", what="two")

    base()
"""
DEPENDENT = """
    first = have(name="First", what="one")
    with after(first, None):
        second = have(name="Second", what="two")
    with after(second):
        have(name="Third", what="three")
"""

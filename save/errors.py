"""What can go wrong, as texts for people; none of them holds a secret."""

from __future__ import annotations


class Trouble(Exception):
    """It cannot be done; the text says why, and what to do where that is known."""


class NoRepository(Trouble):
    """There is no repository at the place. (One that is there and cannot be opened is another matter.)"""


class NotTold(Trouble):
    """Something newer is in the way, and nobody said that it may go."""

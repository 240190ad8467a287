"""One thing that is set on a card: set, read back, set again later where it did not take, and watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from rigd.calls import CardGone, NvmlFailed, SessionGone
from rigd.retry import Retry

T = TypeVar("T")


class Setting(Generic[T]):
    """What is wanted, what is in force, and what came of the last attempt."""

    def __init__(
        self,
        what: str,
        say: Callable[[int, str], None],
        reapply_s: float,
        same: Callable[[T, T], bool] = lambda one, other: one == other,
    ) -> None:
        self.what = what
        self._same = same
        self.rejected = 0
        self.foreign = 0
        self._say = say
        self._reapply_s = reapply_s
        self._retry = Retry()
        self._ours: T | None = None
        self._set_at: float | None = None
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why it is not in force; None: it is."""
        return self._trouble

    def forget(self) -> None:
        """Nothing is known of what is in force: the driver is another, or the card was away."""
        self._ours, self._set_at = None, None
        self._retry.worked()

    def keep(
        self, now: float, wanted: T, seen: T | None, put: Callable[[T], None], back: Callable[[], T] | None
    ) -> None:
        """Have ``wanted`` in force. ``seen``: what this tick's reading says, None where it does not tell.

        ``back`` reads it back after setting; None: it cannot be read, and is written again now and then. Raises
        SessionGone and CardGone.
        """
        if self.is_due(now, wanted, seen):
            self._put(now, wanted, put, back)

    def is_due(self, now: float, wanted: T, seen: T | None) -> bool:
        """Whether it has to be set now; that somebody else changed it is noticed here."""
        moved = self._ours is not None and seen is not None and not self._same(seen, self._ours)
        if moved and self._trouble is None:
            self.foreign += 1
            self._say(4, f"{self.what} was changed from {self._ours} to {seen} by somebody else; setting it again")
            self._ours = None
        stale = self._set_at is None or now - self._set_at >= self._reapply_s
        return (self._ours != wanted or stale) and self._retry.due(now)

    def _put(self, now: float, wanted: T, put: Callable[[T], None], back: Callable[[], T] | None) -> None:
        try:
            put(wanted)
            found = wanted if back is None else back()
        except (SessionGone, CardGone):
            raise
        except NvmlFailed as error:
            self._failed(now, str(error))
            return
        if not self._same(found, wanted):
            self._failed(now, f"set to {wanted}, and reads {found}")
            return
        if self._trouble is not None:
            self._say(5, f"{self.what} is {wanted} now, as it should be")
        self._trouble = None
        self._ours, self._set_at = wanted, now
        self._retry.worked()

    def _failed(self, now: float, why: str) -> None:
        self.rejected += 1
        if self._trouble is None:
            self._say(3, f"{self.what} could not be set: {why}; trying again, at longer and longer intervals")
        self._trouble = why
        self._ours = None
        self._retry.failed(now)

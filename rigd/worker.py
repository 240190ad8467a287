"""Where calls on cards are made: on a thread of its own, so that one that never comes back holds up nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
DEADLINE_S = 2.0
"""What a card's calls may take: real ones take microseconds, and some milliseconds when a card wakes up."""


class _Thread(Generic[K]):
    """Works off lists of jobs; ``progress`` counts the jobs of the present list that are done."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[list[tuple[K, Callable[[], None]]] | None] = SimpleQueue()
        self.done: SimpleQueue[None] = SimpleQueue()
        self.progress = 0
        self.abandoned = False
        self.returned = False
        threading.Thread(target=self._run, daemon=True, name="nvml").start()

    def _run(self) -> None:
        while (jobs := self.jobs.get()) is not None:
            for _, job in jobs:
                job()
                if self.abandoned:
                    self.returned = True
                    return
                self.progress += 1
            self.done.put(None)


class Worker(Generic[K]):
    """Runs jobs by key, one after another. A job that overruns its deadline costs its key, and no other."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._thread: _Thread[K] = _Thread()
        self._hung: dict[K, _Thread[K]] = {}

    def hung(self) -> set[K]:
        """The keys whose call has not come back yet."""
        for key, thread in list(self._hung.items()):
            if thread.returned:
                del self._hung[key]
        return set(self._hung)

    def run(self, jobs: list[tuple[K, Callable[[], None]]]) -> set[K]:
        """Run the jobs of all keys that do not hang; gives those that do. A job must not raise.

        A job that comes back late is still at work when this returns: what it writes must be nobody's by then.
        """
        hanging = self.hung()
        left = [(key, job) for key, job in jobs if key not in hanging]
        while left:
            self._thread.progress = 0
            self._thread.jobs.put(left)
            finished = self._await(len(left))
            if finished == len(left):
                break
            self._thread.abandoned = True
            self._hung[left[finished][0]] = self._thread
            self._thread = _Thread()
            left = left[finished + 1 :]
        return set(self._hung)

    def _await(self, count: int) -> int:
        """How many of the jobs came to their end before one of them did not."""
        seen = 0
        while True:
            try:
                self._thread.done.get(timeout=self._deadline_s)
                return count
            except Empty:
                if self._thread.progress == seen:
                    return seen
                seen = self._thread.progress

    def stop(self) -> None:
        """End the thread; one that hangs ends with the process."""
        self._thread.jobs.put(None)

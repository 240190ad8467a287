"""For all unit tests: pyinfra without its grip on the process."""

from __future__ import annotations

from gevent import monkey


def _left_alone(*args: object, **kwargs: object) -> None:
    """Stands for gevent's patch of sockets, threads and subprocesses."""


# pyinfra's command line does this to the process that imports it; pytest-xdist's workers, which talk to their master
# from threads, do not survive it. Unit tests open no connection, so nothing of what they test depends on it.
monkey.patch_all = _left_alone

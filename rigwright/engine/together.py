"""Many facts of a host in one command, for whoever only wants to know what the host is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pyinfra.api import FactBase
from pyinfra.api.host import Host

from rigwright.engine.fact_cache import NotRead, collecting, fetch

Wish = tuple[type[FactBase[Any]], dict[str, Any]]
"""A fact and its arguments."""


def together(host: Host, wishes: Sequence[Wish]) -> list[Any]:
    """What these facts say of the host, in their order; what is not known yet is read in one round trip.

    Raises what `Host.get_fact` raises.
    """
    with collecting(host) as collected:
        for fact, arguments in wishes:
            with suppress(NotRead):
                host.get_fact(fact, **arguments)
    fetch(host, list(collected.wanted.values()))
    return [host.get_fact(fact, **arguments) for fact, arguments in wishes]

"""The CDI specification: by what name a container asks for a GPU, and what it then gets."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.cdi import Cdi


@operation()
def current(spec: str, unit: str) -> Generator[str, None, None]:
    """Have ``unit`` (a oneshot) write the specification when it does not describe the driver and cards as they are.

    Where no driver answers there is nothing to describe; the unit writes it at the boot that brings one.
    """
    state = host.get_fact(Cdi, spec=spec)
    gap = state.gap()
    path = shlex.quote(spec)
    if not state.smi and state.written is not None:
        because(f"{spec}: there is no driver, and it describes one")
        yield f"rm -f -- {path}"
    elif gap and state.gpus:
        because(f"{spec}: {gap}")
        yield (
            f"systemctl restart {unit} && [ -s {path} ]"
            f" || {{ echo '{unit} wrote no {spec}:' >&2; journalctl -u {unit} -n 6 -o cat --no-pager >&2; exit 1; }}"
        )
    else:
        host.noop(f"{spec} is current" if state.written else "no GPU answers: there is nothing to describe yet")

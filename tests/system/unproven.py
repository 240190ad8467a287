"""`python -m tests.system.unproven KIND SECONDS apply --yes …`: `rig`, of which something ends badly.

KIND `killed`: it is killed where it would make the new connection that proves a change; `blocked`: the firewall's rules
leave sshd's port out. SECONDS: after which the host takes back what is not proven.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pyinfra_cli  # noqa: F401  (makes the process cooperative: it must come before whatever uses sockets)

from cli.main import main
from rigwright.operations import firewall, guard


def _die(*arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _no_rules(*arguments: Any) -> tuple[str, ...]:
    return ()


if __name__ == "__main__":
    kind, seconds, *rest = sys.argv[1:]
    guard.SECONDS = int(seconds)
    if kind == "killed":
        setattr(guard, "prove_new_connection", _die)  # noqa: B010  (mypy does not let functions be replaced by name)
    elif kind == "blocked":
        setattr(firewall, "firewall_rules", _no_rules)  # noqa: B010
    else:
        sys.exit(f"no kind {kind}")
    sys.argv = ["rig", *rest]
    main()

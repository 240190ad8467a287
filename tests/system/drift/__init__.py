"""Things broken by hand, as data: what breaks them, who must notice, and where.

Each module `tests/system/drift/<layer>.py` has a list `DRIFTS`. One parametrised test consumes them all: on a host in
the declared state it runs ``break_command`` as root, then `rig plan` must exit 2 and name ``plan_names``, `rig verify`
must exit 1 and name ``verify_names``, `rig apply` must repair it by ``repairs`` and nothing else, and then both must
exit 0 again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drift:
    """One thing broken by hand.

    ``break_command``: shell, run as root on the host; afterwards the host differs from its declaration in one respect.
    ``plan_names``: texts that the plan must contain (of the operation's name or of its reasons), all of them.
    ``verify_names``: names of tests in tests/host (``test_sshd``), at least one of which must fall short.
    ``repairs``: the names of the operations that must change the host to repair it, exactly those; usually it is the
    one that ``plan_names`` begins with.
    ``perhaps``: operations that change the host or not, by when they come: what recovers by itself is waited for.
    ``survives``: a shell command that must succeed after the repair: what somebody else put there is still there.
    """

    name: str
    break_command: str
    layer: str
    plan_names: tuple[str, ...]
    verify_names: tuple[str, ...]
    repairs: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    survives: str | None = None

    @property
    def repaired_by(self) -> set[str]:
        """The names of the operations that repair it, exactly those."""
        return set(self.repairs or self.plan_names[:1])

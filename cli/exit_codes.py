"""What `rig`'s exit status says. Scripts rely on it: a meaning never changes."""

HOLDS = 0
"""The hosts are as declared, as far as could be told; the declaration is sound."""
FAILED = 1
"""Something failed, falls short of the declaration, or the declaration has faults."""
PENDING = 2
"""An apply would change something, or something is left to do that it does not do (a reboot that is not allowed, a
restore over something newer)."""
UNREACHED = 3
"""A host could not be reached (nobody vouches for its key, say), or was lost on the way; with `verify --strict`, and
with `rebuild` but for --no-strict, also: something could not be told."""
STRANDED = 4
"""A change of the driver came neither to its end nor back; what it printed says where it stands and what to type."""
USAGE = 64
"""The command line is wrong (EX_USAGE of sysexits.h)."""
INTERRUPTED = 130
"""Ctrl-C (128 + SIGINT)."""

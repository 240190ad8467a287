"""``fetch.pyz pull|strays|prune``: plan and tokens come on standard input, where no list of processes shows them.

Exit status: 0 all is there, 1 something is not, 4 no room on the disk, 64 wrong usage.
"""

from __future__ import annotations

import os
import sys

# Before huggingface_hub is imported, which reads them once.
os.environ.update(
    HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DOWNLOAD_TIMEOUT="30", HF_HUB_DISABLE_XET="1"
)

from fetch import prune, room
from fetch.plan import PlanError, parse

USAGE = "usage: fetch.pyz pull|strays|prune < plan.json"
FAILED, NO_ROOM, WRONG_USAGE = 1, 4, 64


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words not in (["pull"], ["strays"], ["prune"]):
        print(USAGE, file=sys.stderr)
        return WRONG_USAGE
    try:
        plan, tokens = parse(sys.stdin.read())
    except PlanError as error:
        print(f"fetch: {error}", file=sys.stderr)
        return WRONG_USAGE
    if words == ["strays"]:
        print(prune.as_json(plan))
        return 0
    if words == ["prune"]:
        prune.prune(plan)
        return 0
    from fetch.pull import pull  # noqa: PLC0415  # half a second, for those who pull

    try:
        troubles = pull(plan, tokens, lambda line: print(line, flush=True))
    except room.NoRoom as error:
        print(f"fetch: {error}", file=sys.stderr)
        return NO_ROOM
    for trouble in troubles:
        print(f"fetch: {trouble}", file=sys.stderr)
    return FAILED if troubles else 0


if __name__ == "__main__":
    sys.exit(main())

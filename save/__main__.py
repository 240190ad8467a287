"""``save.pyz backup|adopt|earlier|list|check|look|texts|restore``: see `rig backup`, `restore` and `rebuild`.

Plan and secrets are in /etc/rigwright/backup. ``earlier``, ``list``, ``look`` and ``texts`` print one JSON document.

Exit status: 0 done, 1 it could not be done, 2 something newer is in the way, 64 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys

from save import plan, record
from save.backup import adopted, backup, earlier
from save.errors import NoRepository, NotTold, Trouble
from save.places import STATE
from save.plan import Plan
from save.restic import Restic
from save.restore import look, restore, texts, unfinished
from save.snapshots import listed, taken_at

FAILED, IN_THE_WAY, WRONG_USAGE = 1, 2, 64


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit status."""
    parser = _parser()
    try:
        told = parser.parse_args(arguments)
    except SystemExit as error:
        return WRONG_USAGE if error.code else 0
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _do(told, plan.read())
    except NotTold as error:
        print(f"save: {error}", file=sys.stderr)
        return IN_THE_WAY
    except (Trouble, OSError) as error:
        print(f"save: {error}", file=sys.stderr)
        return FAILED
    return 0


def _do(told: argparse.Namespace, declared: Plan) -> None:
    if told.verb == "backup":
        backup(declared, _tell)
    elif told.verb == "adopt":
        adopted(declared)
    elif told.verb == "check":
        Restic(declared).shown(_tell, "check")
    elif told.verb == "list":
        _print({"repository": declared.repository, "snapshots": listed(declared)})
    elif told.verb == "earlier":
        _print(_earlier(declared))
    elif told.verb == "look":
        found = look(declared, told.snapshot, told.path)
        _print({**found.as_dict(), "unfinished": unfinished()})
    elif told.verb == "texts":
        _print(texts(declared, told.snapshot, told.path))
    else:
        restore(declared, told.snapshot, told.path, told.over_newer, _tell)


def _earlier(declared: Plan) -> dict[str, object]:
    """Snapshots of before this installation: how many, and when the newest was made (seconds since the epoch); where,
    and which one an interrupted restore was putting in place."""
    try:
        found = earlier(declared, record.read(), Restic(declared).identity())
    except NoRepository:
        found = []
    newest_at = taken_at(found[-1]) if found else None
    return {
        "count": len(found), "newest_at": newest_at, "repository": declared.repository, "unfinished": unfinished(),
    }  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="save.pyz")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("backup", "adopt", "earlier", "list", "check"):
        verbs.add_parser(verb)
    for verb in ("look", "texts", "restore"):
        added = verbs.add_parser(verb)
        added.add_argument("--snapshot")
        added.add_argument("--path", action="append", default=[])
    added.add_argument("--over-newer", action="store_true")
    return parser


def _tell(line: str) -> None:
    print(line, flush=True)


def _print(document: object) -> None:
    print(json.dumps(document))


if __name__ == "__main__":
    sys.exit(main())

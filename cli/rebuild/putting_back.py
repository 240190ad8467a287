"""What was saved, put back on a host that was installed anew, and its old host keys known before it shows them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.backup.hosts import LOOK_S, NotDone, ask, save, shell
from cli.backup.listing import at
from cli.progress import Silent
from cli.rebuild.course import Saved
from cli.rebuild.introduction import Acquaintance, acquaintance, keys_in, met, refusal, replace, settled
from cli.rebuild.parts import Result, Told, stop
from cli.restore import MB, NAMED, REMARKS, differs, show_found
from cli.running import start
from rigwright.choice.backup import PROGRAM
from rigwright.engine import run as engine
from rigwright.engine.host_key import fingerprint
from rigwright.engine.stranger import Stranger, is_that

if TYPE_CHECKING:
    from pyinfra.api.host import Host

    from cli.rebuild.shown import Shown
    from rigwright.engine.run import Run
    from rigwright.spec.load import Declarations

_LOCK = "/var/lib/rigwright-backup/lock"
_LOCK_WAIT_S = 1800
_HOST_KEYS = "ssh"
"""The keepsake that every installation makes anew: of a newer one nothing is lost."""


def saved(declared: Declarations, host: str) -> Saved:
    """What there is to put back. Raises `Stop` where the host is not reached."""
    wanted = declared.rigs[host].backup.repository
    run = start(declared, (), Silent())
    try:
        answer = ask(run, _earlier)[host]
    finally:
        run.close()
    if isinstance(answer, NotDone):
        return Saved(why=answer.why)
    found = _told(answer)
    if isinstance(found, Saved):
        return found
    if found["repository"] != wanted:
        return Saved(why=f"the host still knows {found['repository']}, and {wanted} is declared")
    return Saved(int(found["count"]), found["unfinished"])


def _earlier(at: Host) -> Any:
    if shell(at, f"[ -e {PROGRAM} ] || echo absent").strip():
        return Saved(why="what makes backups is not installed yet")
    return json.loads(save(at, "earlier", limit_s=LOOK_S))


def put_back(
    declared: Declarations,
    host: str,
    snapshot: str | None,
    over_newer: bool,
    yes: bool,
    as_json: bool,
    shown: Shown,
) -> Told:
    """Put it back, once somebody has agreed to it. Raises `Stop`."""
    run = start(declared, (), Silent())
    try:
        told = _PuttingBack(run, host, snapshot, over_newer, yes, as_json, shown).done()
    finally:
        run.close()
    # Met anew: it shows its old keys now, which were made known before; the new ones are nobody's any more.
    again = met(declared, host)
    if isinstance(again, Stranger):
        raise stop(Result.LOST, refusal(again, ()))
    settled(again)
    return _not_as_declared(told, again, declared.connections[host].ssh_host_key)


def _not_as_declared(told: Told, now: Acquaintance | None, declared: str | None) -> Told:
    """Say so, where the declaration is of another host key than the one that has come back."""
    if now is None or declared is None or any(is_that(key, declared) for key in now.own):
        return told
    remark = f"ssh_host_key declares another one: declare {fingerprint(now.shown).split()[1]}, or take it away"
    return dataclasses.replace(told, more=(*told.more, remark))


class _PuttingBack:
    def __init__(
        self,
        run: Run,
        host: str,
        snapshot: str | None,
        over_newer: bool,
        yes: bool,
        as_json: bool,
        shown: Shown,
    ) -> None:
        self._run, self._host, self._shown = run, host, shown
        self._words = ["--snapshot", snapshot] if snapshot else []
        self._over_newer, self._yes, self._as_json = over_newer, yes, as_json

    def done(self) -> Told:
        self._alone()
        with self._shown.waiting("holding the snapshot against the host"):
            found = self._asked(lambda at: json.loads(save(at, "look", *self._words, limit_s=LOOK_S)))
        wanted = [each for each in found["targets"] if differs(each)]
        unfinished = found["unfinished"]
        if wanted or unfinished:
            self._agreed(found, wanted)
            self._known(found, unfinished)
        self._shown.say(f"putting back snapshot {unfinished or found['snapshot']} …")
        with self._shown.waiting("putting it back"):
            self._asked(lambda at: save(at, "restore", *self._words, "--over-newer"))
        said = "; ".join(REMARKS[item] for item in dict.fromkeys(each["item"] for each in wanted) if item in REMARKS)
        size = sum(each["bytes"] for each in wanted) / MB
        return Told(
            Result.DONE,
            f"snapshot {found['snapshot']} of {at(found['taken_at'])}: {len(wanted)} paths, {size:.1f} MB",
            (said,) if said else (),
        )

    def _alone(self) -> None:
        """An interrupted rebuild may have left one on the host that goes on by itself."""
        busy = self._asked(lambda at: shell(at, f"[ ! -e {_LOCK} ] || flock -n {_LOCK} true || echo busy"))
        if busy.strip():
            self._shown.say("a backup or a restore is still going on there: waiting for its end …")
            with self._shown.waiting("waiting for the end of a backup or restore"):
                self._asked(lambda at: shell(at, f"flock -w {_LOCK_WAIT_S} {_LOCK} true"))

    def _agreed(self, found: dict[str, Any], wanted: Sequence[dict[str, Any]]) -> None:
        newer = [path for each in wanted if each["item"] != _HOST_KEYS for path in each["newer"]]
        if not self._as_json:
            show_found(self._host, found)
        if not self._yes and sys.stdin.isatty():
            if not click.confirm("Put it back, also over what is newer on the host?" if newer else "Put it back?"):
                raise stop(Result.OUTSTANDING, "nothing was put back; `--no-restore` goes on without")
        elif newer and not self._over_newer:
            named = f"{', '.join(newer[:NAMED])}{' …' if len(newer) > NAMED else ''}"
            raise stop(
                Result.OUTSTANDING,
                f"nothing was put back: on the host these are newer than snapshot {found['snapshot']}: {named}. "
                "`--over-newer` puts it back over them (they stay beside it, as *.before-restore), `--no-restore` goes "
                "on without",
            )

    def _known(self, found: dict[str, Any], unfinished: str | None) -> None:
        """Have the host known by the keys that it is about to get, too: cut off after that, it shows those."""
        now = self._asked(acquaintance)
        paths = [each["path"] for each in found["targets"] if each["item"] == _HOST_KEYS]
        public = [word for path in paths if path.endswith(".pub") for word in ("--path", path)]
        if now is None or not public:
            return
        words = ["--snapshot", unfinished or found["snapshot"], *public]
        texts = self._asked(lambda at: json.loads(save(at, "texts", *words, limit_s=LOOK_S)))
        _also_known(now, [line for text in texts.values() for line in text.splitlines()])

    def _asked(self, question: Callable[[Host], Any]) -> Any:
        return _told(ask(self._run, question)[self._host])


def _also_known(now: Acquaintance, lines: Sequence[str]) -> None:
    coming = [key for key in keys_in(lines) if key not in now.own]
    if coming and now.shown in now.own:
        replace(now.papers, [*now.own, *coming])


def _told(answer: Any) -> Any:
    """What was answered. Raises `Stop`."""
    if isinstance(answer, NotDone):
        raise stop(Result.FAILED, answer.why)
    if isinstance(answer, engine.Unanswered):
        raise stop(Result.LOST if answer.lost else Result.FAILED, answer.why)
    return answer

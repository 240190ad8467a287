"""A backup: databases copied aside, a snapshot, old ones removed, and now and then a check of the whole."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from save import databases, journal, record
from save.errors import NoRepository, Trouble
from save.lock import held
from save.manifest import Manifest, taken
from save.places import ASIDE, COMING, MANIFEST, PROGRESS, STAGE
from save.plan import Plan
from save.record import Record
from save.restic import TAG, Restic, is_on, pattern
from save.snapshots import taken_at

DAY_S = 86400
ALL_WITHIN = "1d"
"""Of so long before the newest every snapshot is left: one made by hand may be what is wanted back an hour later."""
Tell = Callable[[str], None]


def backup(plan: Plan, tell: Tell) -> None:
    """Make one. Raises `Trouble`; the record then says why, too."""
    with held(wait=True):
        known = record.read()
        record.write(record.begun(known))
        try:
            done = _made(plan, known, tell)
        except (Trouble, OSError) as error:
            record.write(record.failed(record.read(), str(error)))
            raise
        record.write(done)


def opened(plan: Plan, known: Record, tell: Tell) -> str:
    """The identity of the repository, made where there is none yet. Raises `Trouble`."""
    if plan.disk is not None and not is_on(plan.disk):
        raise Trouble(f"{plan.disk} is not mounted, and {plan.repository} is to be on it. Nothing was written")
    restic = Restic(plan)
    try:
        return restic.identity()
    except NoRepository:
        if known.place == plan.repository:
            raise Trouble(
                f"{plan.repository}: the repository that was there is gone. Bring it back; or `rig backup run "
                f"{plan.host} --anew` makes a new one"
            ) from None
    tell(f"making a repository at {plan.repository}")
    restic.init()
    return restic.identity()


def adopted(plan: Plan) -> None:
    """What is there, or nothing, is this installation's from here on: what was there before does not count."""
    known = record.read()
    try:
        decided = known.own(plan.repository, Restic(plan).identity())
    except NoRepository:
        decided = known.gone()
    with held(wait=False):
        record.write(decided)


def earlier(plan: Plan, known: Record, identity: str) -> list[dict[str, object]]:
    """Snapshots of this host's name that are of before this installation: it has neither made nor restored any."""
    if identity in known.repositories:
        return []
    return list(Restic(plan).snapshots(plan.host))


def _made(plan: Plan, known: Record, tell: Tell) -> Record:
    if journal.read() is not None:
        raise Trouble(f"a restore was interrupted, and this is of neither state: `rig restore {plan.host}` finishes it")
    identity = opened(plan, known, tell)
    others = earlier(plan, known, identity)
    if others:
        newest = datetime.fromtimestamp(taken_at(others[-1])).astimezone().isoformat(" ", "minutes")
        raise Trouble(
            f"{plan.repository} holds {len(others)} snapshots of {plan.host} of before this installation, the newest "
            f"of {newest}: `rig restore {plan.host}` puts that back; `rig backup run {plan.host} --anew` goes on "
            "without it"
        )
    now = record.begun(known.own(plan.repository, identity))
    record.write(now)
    restic = Restic(plan)
    restic.said("unlock")
    patience = restic.patience()
    step(tell, "copying databases")
    manifest = staged(plan)
    broken = _broken(manifest)
    remarks = _saved(plan, restic, manifest, patience, tell)
    if broken:
        raise Trouble(f"a snapshot is made, and no old one removed: SQLite finds {broken}")
    step(tell, "removing old snapshots")
    counted = [word for name, count in plan.keep.items() if count for word in (f"--keep-{name}", str(count))]
    keep = ["--keep-within", ALL_WITHIN, *counted]
    restic.said("forget", *patience, "--host", plan.host, "--tag", TAG, "--group-by", "host,tags", *keep, "--prune")
    checked = now.checked
    if time.time() - checked > plan.check_days * DAY_S:
        step(tell, "checking the repository")
        restic.said("check", *patience)
        checked = time.time()
    shutil.rmtree(STAGE)
    return record.succeeded(replace(now, checked=checked), remarks)


def staged(plan: Plan) -> Manifest:
    """Copy databases aside, and write down what there is."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(mode=0o700, parents=True)
    manifest = taken(plan, ASIDE)
    for database in manifest.databases:
        databases.copied(Path(database), STAGE)
    (STAGE / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    return manifest


def _broken(manifest: Manifest) -> str:
    """Databases that are saved as they are, and are of no use so."""
    found = {path: databases.trouble_in(STAGE / path.lstrip("/")) for path in manifest.databases}
    return "; ".join(f"{path} broken: {trouble}" for path, trouble in found.items() if trouble)


def _saved(plan: Plan, restic: Restic, manifest: Manifest, patience: list[str], tell: Tell) -> list[str]:
    """Make the snapshot; as remarks what went away meanwhile. Raises `Trouble` where something cannot be read."""
    paths = [*manifest.paths, *(path for path in plan.also if Path(path).exists()), str(STAGE)]
    copied = [path for each in manifest.databases for path in (each, *databases.beside(each))]
    ours = [pattern(path) for path in (*copied, *(path for item in plan.items for path in item.exclude))]
    left_out = [*ours, f"*{ASIDE}", f"{COMING}*", *plan.exclude]
    excludes = [word for each in left_out for word in ("--exclude", each)]
    whose = ["--host", plan.host, "--tag", TAG]
    unread: list[str] = []
    gone: list[str] = []
    for message in restic.messages("backup", *patience, *whose, *excludes, "--", *paths, also=(3,)):
        if message.get("message_type") == "status":
            _progress(f"saving {100 * float(message.get('percent_done', 0)):.0f} %")
        elif message.get("message_type") == "error":
            item = str(message.get("item", ""))
            (unread if os.path.lexists(item) else gone).append(item)
        elif message.get("message_type") == "summary":
            tell(f"snapshot {str(message['snapshot_id'])[:8]}: {message['total_bytes_processed']} bytes")
    if unread:
        raise Trouble(f"the snapshot is not whole, these could not be read: {', '.join(unread[:5])}")
    return [f"{item} went away while it was saved" for item in gone]


def step(tell: Tell, text: str) -> None:
    """Say what is done next."""
    tell(text)
    _progress(text)


def _progress(text: str) -> None:
    if PROGRESS.parent.is_dir():
        PROGRESS.write_text(f"{text}\n", encoding="utf-8")

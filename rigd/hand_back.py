"""After rigd, however it ended: every fan to its card, and limits that hold without a keeper.

A program of its own: systemd runs it when rigd has stopped, crashed, was killed or hung. Each card gets a process, so
that one whose calls do not come back keeps no other.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from rigd import journal
from rigd.budget import Claim, allot
from rigd.config import Config, ConfigError, Entry, load
from rigd.nvml import Card, NvmlFailed, Session

CARD_S = 8.0
"""What one card may take; systemd's own time-out for this program is longer."""


def static_limits_w(config: Config, cards: list[tuple[str, Entry, int, int]]) -> dict[str, int]:
    """UUID → limit, W, that holds a supply's budget whatever the cards do. Cards: UUID, entry, least and most W."""
    claims = []
    for uuid, entry, least, most in cards:
        if entry.power is not None:
            limit = max(least, min(most, entry.power.limit_w))
            floor = min(limit, max(least, entry.power.least_w or 0))
            claims.append(Claim(uuid, floor, limit, limit, entry.power.priority, entry.power.draws))
    return {uuid: int(watts) for uuid, watts in allot(claims, config.supplies_w, config.circuit_w).items()}


def run(config_path: str) -> int:
    """All fans back, limits as declared. 0: done; 1: not everything; 3: NVML cannot be used."""
    faults: list[str] = []
    try:
        config = load(config_path)
    except ConfigError as error:
        faults = [str(error)]
        config = Config(cards=())
    children = _per_card(config)
    if children is None:
        return 3
    failed = _await(children)
    for fault in faults:
        journal.say(journal.ERROR, f"limits are left as they are: {fault}")
    return 1 if failed or faults else 0


def _per_card(config: Config) -> dict[int, int] | None:
    """Process → the index of its card; None: NVML does not even start, or hangs while it does."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, b"%d\n" % _count())
        os._exit(0)
    os.close(writer)
    if _await({child: -1}):
        journal.say(journal.ERROR, "NVML does not come back: fans and limits are as they were")
        return None
    with os.fdopen(reader) as answers:
        count = int(answers.read() or -1)
    if count < 0:
        return None
    children = {}
    for index in range(count):
        child = os.fork()
        if child == 0:
            os._exit(_one(config, index))
        children[child] = index
    return children


def _count() -> int:
    session = Session()
    try:
        session.start()
        return session.count()
    except NvmlFailed as error:
        journal.say(
            journal.ERROR,
            f"NVML cannot be used: {error}; the driver's reset has the fans back already, or nothing does",
        )
        return -1


def _await(children: dict[int, int]) -> bool:
    """Whether any of them failed, or did not end in time; those are ended."""
    left, failed, end = dict(children), False, time.monotonic() + CARD_S
    while left and time.monotonic() < end:
        for child in list(left):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                failed = failed or status != 0
                del left[child]
        time.sleep(0.02)
    for child, index in left.items():
        if index >= 0:
            journal.say(journal.ERROR, f"GPU {index} does not answer: its fans are as they were")
        os.kill(child, signal.SIGKILL)
    return failed or bool(left)


def _one(config: Config, index: int) -> int:
    """In a process of its own: this card. 0: everything done."""
    try:
        session = Session()
        session.start()
        card = session.card(index)
        worked = _fans(card)
        return 0 if _limit(config, session, card) and worked else 1
    except NvmlFailed as error:
        journal.say(journal.ERROR, f"GPU {index}: {error}")
        return 1
    finally:
        sys.stderr.flush()


def _fans(card: Card) -> bool:
    worked = True
    for fan in range(card.fan_count):
        try:
            card.hand_back_fan(fan)
            worked = worked and not card.fan(fan).manual
        except NvmlFailed as error:
            journal.say(journal.ERROR, f"GPU {card.index} ({card.model}): fan {fan} could not be handed back: {error}")
            worked = False
    if worked and card.fan_count:
        journal.say(journal.INFO, f"GPU {card.index} ({card.model}): fans are the card's own")
    return worked


def _limit(config: Config, session: Session, card: Card) -> bool:
    """The static limit of this card among all of them; the others are only asked who they are."""
    everyone = []
    for other in session.cards():
        entry = config.entry_for(other.uuid, other.pci, other.index)
        if entry is not None and other.limits_w is not None:
            everyone.append((other.uuid, entry, *other.limits_w))
    wanted = static_limits_w(config, everyone).get(card.uuid)
    if wanted is None:
        return True
    card.set_limit_w(wanted)
    found = card.limit_w()
    journal.say(journal.INFO, f"GPU {card.index} ({card.model}): power limit {found:.0f} W")
    return abs(found - wanted) <= 1

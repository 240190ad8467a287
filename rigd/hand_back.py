"""After rigd, however it ended: every fan to its card, and limits that hold without a keeper; or nothing of ours.

A program of its own: systemd runs it when rigd has stopped, crashed, was killed or hung. Each card gets a process, so
that one whose calls do not come back keeps no other.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rigd import journal
from rigd.budget import Claim, allot
from rigd.calls import NvmlFailed
from rigd.config import Config, ConfigError, Entry, load
from rigd.nvml import Card, Session

CARD_S = 8.0
"""What one card may take; systemd's own time-out for this program is longer."""


class Silent(NamedTuple):
    """What may be drawn at most by a card that does not answer."""

    entry: Entry
    most_w: int


class Answering(NamedTuple):
    """A card as it says that it is; W."""

    uuid: str
    entry: Entry
    least_w: int
    most_w: int
    default_w: int | None


def static_limits_w(config: Config, cards: list[Answering], silent: Sequence[Silent] = ()) -> dict[str, int]:
    """UUID → limit, W, that holds a supply's budget whatever the cards do."""
    claims = []
    for number, (entry, watts) in enumerate(silent):
        if entry.power is not None:
            claims.append(Claim(f"silent {number}", watts, watts, watts, entry.power.priority, entry.power.draws))
    for uuid, entry, least, most, default in cards:
        if entry.power is not None:
            limit = entry.power.within(least, most, default)
            floor = min(limit, max(least, entry.power.least_w or 0))
            claims.append(Claim(uuid, floor, limit, limit, entry.power.priority, entry.power.draws))
    allotted = allot(claims, config.supplies_w, config.circuit_w)
    return {card.uuid: int(allotted[card.uuid]) for card in cards if card.uuid in allotted}


def run(config_path: str, *, release: bool = False) -> int:
    """All fans back, limits as declared. 0: done; 1: not everything; 3: NVML cannot be used.

    ``release``: nothing of ours stays in force: the limits are the cards' own, too, and no clock is locked.
    """
    faults: list[str] = []
    try:
        config = load(config_path)
    except ConfigError as error:
        faults = [str(error)]
        config = Config(cards=())
    count = _asked([_count])[0]
    if count is None:
        journal.say(journal.ERROR, "NVML does not come back: fans and limits are as they were")
    if count is None or int(count) < 0:
        return 3
    answers = _asked([_fans_of(index) for index in range(int(count))])
    for index, answer in enumerate(answers):
        if answer is None:
            journal.say(journal.ERROR, f"GPU {index} does not answer: its fans are as they were")
    cards = {index: json.loads(answer) for index, answer in enumerate(answers) if answer}
    worked = len(cards) == int(count) and all(card["fans"] for card in cards.values())
    silent = [index for index in range(int(count)) if index not in cards]
    if release:
        limited = _asked([_release(index) for index in cards])
        return 0 if worked and all(limited) else 1
    limited = _asked([_limit_of(index, watts) for index, watts in _limits_w(config, cards, silent).items()])
    for fault in faults:
        journal.say(journal.ERROR, f"limits are left as they are: {fault}")
    return 0 if worked and all(limited) and not faults else 1


def _limits_w(config: Config, cards: dict[int, dict[str, Any]], silent: list[int]) -> dict[int, int]:
    """Index → limit, W, of the cards that answer. For one that does not, what it may have at most is kept free."""
    answering = []
    for index, card in cards.items():
        entry = config.entry_for(card["uuid"], card["pci"], index)
        if entry is not None and card["limits_w"] is not None:
            least, most = card["limits_w"]
            answering.append(Answering(card["uuid"], entry, least, most, card["default_w"]))
    left = [entry for entry in config.cards if not any(entry is each.entry for each in answering)] or list(config.cards)
    # Who does not answer does not say who it is: the one that may draw most of those that it can be. Where none is
    # declared, it is taken for a card like the hungriest that does answer.
    largest = max((each.default_w or each.most_w for each in answering), default=0)
    can_be = [Silent(entry, entry.power.limit_w or largest) for entry in left if entry.power is not None]
    hungriest = max(can_be, key=lambda each: each.most_w, default=None)
    wanted = static_limits_w(config, answering, [hungriest] * len(silent) if hungriest is not None else [])
    return {index: wanted[card["uuid"]] for index, card in cards.items() if card["uuid"] in wanted}


def _asked(questions: list[Callable[[], str]]) -> list[str | None]:
    """What each says, all at once, in a process of its own each; None: it failed, or did not come to an end in time."""
    children = [_started(question) for question in questions]
    end = time.monotonic() + CARD_S
    answers: list[str | None] = []
    for child, answer in children:
        ready, _, _ = select.select([answer], [], [], max(0.0, end - time.monotonic()))
        said = os.read(answer, 65536).decode() if ready else ""
        os.close(answer)
        if not said:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        answers.append(said or None)
    return answers


def _started(question: Callable[[], str]) -> tuple[int, int]:
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        os.close(reader)
        os.write(writer, question().encode())
        status = 0
    except NvmlFailed as error:
        journal.say(journal.ERROR, str(error))
    finally:
        os._exit(status)


def _count() -> str:
    session = Session()
    try:
        session.start()
        return str(session.count())
    except NvmlFailed as error:
        journal.say(
            journal.ERROR, f"NVML cannot be used: {error}; fans and limits are the driver's, if it is there at all"
        )
        return "-1"


def _fans_of(index: int) -> Callable[[], str]:
    def hand_back() -> str:
        card = _card(index)
        worked = True
        for fan in range(card.fan_count):
            try:
                card.hand_back_fan(fan)
                worked = worked and not card.fan(fan).manual
            except NvmlFailed as error:
                journal.say(journal.ERROR, f"GPU {index} ({card.model}): fan {fan} could not be handed back: {error}")
                worked = False
        if worked and card.fan_count:
            journal.say(journal.INFO, f"GPU {index} ({card.model}): fans are the card's own")
        return json.dumps({"uuid": card.uuid, "pci": card.pci, "limits_w": card.limits_w, "default_w": card.default_w,
                           "fans": worked})  # fmt: skip

    return hand_back


def _limit_of(index: int, watts: int) -> Callable[[], str]:
    def limit() -> str:
        card = _card(index)
        card.set_limit_w(watts)
        found = card.limit_w()
        journal.say(journal.INFO, f"GPU {index} ({card.model}): power limit {found:.0f} W")
        return "done" if abs(found - watts) <= 1 else ""

    return limit


def _release(index: int) -> Callable[[], str]:
    def release() -> str:
        card = _card(index)
        worked = True
        undo: list[Callable[[], None]] = [lambda: card.lock_graphics(None), lambda: card.lock_memory(None)]
        if card.limits_w is not None and card.default_w is not None:
            default_w = card.default_w
            undo.append(lambda: card.set_limit_w(default_w))
        for each in undo:
            try:
                each()
            except NvmlFailed as error:
                journal.say(journal.ERROR, f"GPU {index} ({card.model}): {error}")
                worked = False
        if worked:
            journal.say(journal.INFO, f"GPU {index} ({card.model}): power limit and clocks are the card's own")
        return "done" if worked else ""

    return release


def _card(index: int) -> Card:
    session = Session()
    session.start()
    return session.card(index)

"""After rigd, however it ended: every fan to its card, and limits that hold without a keeper.

A program of its own: systemd runs it when rigd has stopped, crashed, was killed or hung. Each card gets a process, so
that one whose calls do not come back keeps no other.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

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
    limited = _asked([_limit_of(index, watts) for index, watts in _limits_w(config, cards, silent).items()])
    for fault in faults:
        journal.say(journal.ERROR, f"limits are left as they are: {fault}")
    return 0 if worked and all(limited) and not faults else 1


def _limits_w(config: Config, cards: dict[int, dict[str, Any]], silent: list[int]) -> dict[int, int]:
    """Index → limit, W, of the cards that answer. For one that does not, what it may have at most is kept free."""
    claims = []
    for index, card in cards.items():
        entry = config.entry_for(card["uuid"], card["pci"], index)
        if entry is not None and card["limits_w"] is not None:
            claims.append((card["uuid"], entry, *card["limits_w"]))
    left = [entry for entry in config.cards if not any(entry is other for _, other, *_ in claims)] or list(config.cards)
    declared = [entry for entry in left if entry.power is not None]
    for index in silent:
        # Who does not answer does not say who it is: the one that may draw most of those that it can be.
        most = max(declared, key=lambda entry: entry.power.limit_w if entry.power else 0, default=None)
        if most is not None and most.power is not None:
            claims.append((f"silent {index}", most, most.power.limit_w, most.power.limit_w))
    wanted = static_limits_w(config, claims)
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
        return json.dumps({"uuid": card.uuid, "pci": card.pci, "limits_w": card.limits_w, "fans": worked})

    return hand_back


def _limit_of(index: int, watts: int) -> Callable[[], str]:
    def limit() -> str:
        card = _card(index)
        card.set_limit_w(watts)
        found = card.limit_w()
        journal.say(journal.INFO, f"GPU {index} ({card.model}): power limit {found:.0f} W")
        return "done" if abs(found - watts) <= 1 else ""

    return limit


def _card(index: int) -> Card:
    session = Session()
    session.start()
    return session.card(index)

"""The loop: read, judge, decide, set, say; a tick after the other."""

from __future__ import annotations

from collections.abc import Callable

from rigd import budget, journal
from rigd.calls import CardGone, NvmlFailed, SessionGone
from rigd.card import Kept
from rigd.clock import Clock
from rigd.config import Config
from rigd.nvml import Card, Reading, Session
from rigd.retry import Retry
from rigd.worker import DEADLINE_S, Worker

LONGEST_PAUSE_S = 30.0


class _Answer:
    """What a card's job came to; looked at only once it is over."""

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self.gone: str | None = None
        self.session_gone: str | None = None


class Loop:
    """All cards of the host. ``tick`` does everything once; ``end`` hands the fans back."""

    def __init__(self, config: Config, clock: Clock, *, dry_run: bool = False, deadline_s: float = DEADLINE_S) -> None:
        self.config = config
        self.cards: list[Kept] = []
        self.session_trouble: str | None = None
        self.restarts = 0
        self._clock = clock
        self._dry_run = dry_run
        self._session = Session()
        self._worker: Worker[str] = Worker(deadline_s)
        self._open = False
        self._start_again = Retry(LONGEST_PAUSE_S)
        self._look_again = Retry(LONGEST_PAUSE_S)
        self._ticked_at: float | None = None
        self._asleep_s = clock.asleep()
        self._raise_w = 0.0
        self.supplies_w: dict[str, float] = {}

    @property
    def driver(self) -> str:
        """The driver's version; empty before the first session."""
        return self._session.driver

    def tick(self) -> None:
        """Everything once."""
        now = self._clock.now()
        self._notice_suspend()
        if not self._open and self._start_again.due(now):
            self._start(now)
        if self._open:
            self._find_missing(now)
            self._read(now)
            self._decide(now)
            if not self._dry_run:
                self._apply(now)
        self._ticked_at = now

    # Sessions and cards

    def _notice_suspend(self) -> None:
        asleep = self._clock.asleep()
        if asleep - self._asleep_s > 2:
            journal.say(journal.NOTICE, f"the host slept for {asleep - self._asleep_s:.0f} s: everything is set again")
            for kept in self.cards:
                kept.forget_settings()
        self._asleep_s = asleep

    def _start(self, now: float) -> None:
        answer = _Answer()
        found: list[Card] = []

        def start() -> None:
            try:
                self._session.start()
                found.extend(self._session.cards())
            except NvmlFailed as error:
                answer.session_gone = str(error)

        hung = self._worker.run([("", start)])
        trouble = "it does not come back from being initialised" if "" in hung else answer.session_gone
        if trouble is not None:
            if self.session_trouble is None:
                journal.say(
                    journal.ERROR, f"NVML cannot be used: {trouble}; trying again, at longer and longer intervals"
                )
            self.session_trouble = trouble
            self._start_again.failed(now)
            return
        if self.session_trouble is not None:
            self.restarts += 1
            journal.say(journal.NOTICE, f"NVML works again, driver {self._session.driver}: everything is set again")
        self.session_trouble = None
        self._start_again.worked()
        self._open = True
        self._meet(found)

    def _meet(self, found: list[Card]) -> None:
        known = {kept.uuid: kept for kept in self.cards}
        for card in found:
            if card.uuid in known:
                known[card.uuid].meet(card)
            else:
                self.cards.append(Kept(card, self.config.entry_for(card.uuid, card.pci, card.index), self.config))
        here = {card.uuid for card in found}
        for kept in self.cards:
            if kept.uuid not in here:
                kept.lose("it is not there after NVML was initialised")

    def _session_lost(self, why: str) -> None:
        journal.say(journal.ERROR, f"NVML has to be initialised again: {why}")
        self.session_trouble = why
        self._open = False
        for kept in self.cards:
            kept.distrust = why
        # The library forgets its handles; the calls on them would be of no session.
        self._worker.run([("", self._session.stop)])

    def _find_missing(self, now: float) -> None:
        """Cards that are gone may be back; looking for them disturbs no other."""
        if not any(kept.gone is not None for kept in self.cards) or not self._look_again.due(now):
            return
        found: list[Card] = []
        answer = _Answer()

        def look() -> None:
            try:
                found.extend(self._session.cards())
            except NvmlFailed as error:
                answer.session_gone = str(error)

        hung = self._worker.hung()
        if hung:
            return  # the enumeration would hang as that call does
        if "" in self._worker.run([("", look)]) or answer.session_gone is not None:
            self._look_again.failed(now)
            return
        back = False
        for kept in self.cards:
            card = next((each for each in found if each.uuid == kept.uuid), None)
            if kept.gone is not None and card is not None:
                kept.meet(card)
                kept.say(journal.NOTICE, "is back: everything is set again")
                back = True
        if back:
            self._look_again.worked()
        else:
            self._look_again.failed(now)

    # A tick's parts

    def _read(self, now: float) -> None:
        answers: dict[str, _Answer] = {}

        def reading(kept: Kept, answer: _Answer) -> Callable[[], None]:
            card = kept.card

            def read() -> None:
                try:
                    assert card is not None
                    answer.reading = card.read()
                except SessionGone as error:
                    answer.session_gone = str(error)
                except NvmlFailed as error:
                    answer.gone = str(error)

            return read

        present = [kept for kept in self.cards if kept.gone is None and kept.card is not None]
        for kept in present:
            answers[kept.uuid] = _Answer()
        hung = self._worker.run([(kept.uuid, reading(kept, answers[kept.uuid])) for kept in present])
        for kept in present:
            answer = answers[kept.uuid]
            if kept.uuid in hung:
                self._give_up(kept)
            elif answer.session_gone is not None:
                self._session_lost(answer.session_gone)
                return
            elif answer.reading is None:
                kept.lose(answer.gone or "no answer")
            else:
                kept.take(now, answer.reading)

    def _give_up(self, kept: Kept) -> None:
        if kept.card is not None:
            kept.card.retired = True
        kept.lose("a call to it does not come back")

    def _decide(self, now: float) -> None:
        for kept in self.cards:
            self._judge_critical(kept)
        managed = [kept for kept in self.cards if kept.managed]
        draws = {kept.uuid: kept.entry.power.draws for kept in managed if kept.entry and kept.entry.power}
        claims = [self._claim(kept, now) for kept in managed]
        wanted = budget.allot(claims, self.config.supplies_w, self.config.circuit_w)
        in_force = {kept.uuid: kept.in_force_w() for kept in managed}
        step = budget.raised(
            in_force, wanted, draws, self.config.supplies_w, self.config.circuit_w, self._raise_by(now)
        )
        for kept in managed:
            if kept.limit.trouble is None or kept.limit_wanted_w is None:
                kept.limit_wanted_w = int(step[kept.uuid] + 1e-6)
            else:  # what it is told stays what it should have, however much is kept free for it
                kept.limit_wanted_w = min(kept.limit_wanted_w, kept.bound_w(now))
        self.supplies_w = {
            supply: sum(budget.load_w(draws[uuid], supply, watts) for uuid, watts in in_force.items())
            for supply in self.config.supplies_w
        }

    def _raise_by(self, now: float) -> int:
        """Whole watts that limits may be raised by now; what is less than one is kept for the next tick."""
        elapsed = 0.0 if self._ticked_at is None else now - self._ticked_at
        self._raise_w = min(
            self._raise_w + self.config.raise_w_per_s * elapsed, max(1.0, 5 * self.config.raise_w_per_s)
        )
        whole = int(self._raise_w)
        self._raise_w -= whole
        return whole

    def _claim(self, kept: Kept, now: float) -> budget.Claim:
        assert kept.entry is not None and kept.entry.power is not None
        power = kept.entry.power
        if kept.gone is not None or kept.limit.trouble is not None:
            # It does not obey, or may come back with whatever limit the driver gives it: so much is kept free.
            reserved = kept.in_force_w()
            return budget.Claim(kept.uuid, reserved, reserved, reserved, power.priority, power.draws)
        bound = kept.bound_w(now)
        least = min(kept.least_w, bound)
        return budget.Claim(kept.uuid, least, bound, kept.demand_w, power.priority, power.draws)

    def _judge_critical(self, kept: Kept) -> None:
        critical = kept.entry.critical if kept.entry else None
        if critical is None or kept.reading is None or kept.reading.core_c is None or kept.distrust is not None:
            return
        if not kept.critical and kept.reading.core_c >= critical.temperature_c:
            kept.critical = True
            kept.say(journal.ERROR, f"{kept.reading.core_c} °C is critical: the limit goes to the card's least")
            if critical.command is not None and not self._dry_run:
                from rigd.command import start  # noqa: PLC0415  # a command is rare, and its module is large

                start(critical.command, kept)
        elif kept.critical and kept.reading.core_c < critical.temperature_c - 10:
            kept.critical = False
            kept.say(journal.NOTICE, f"{kept.reading.core_c} °C is no longer critical: the limit may rise again")

    def _apply(self, now: float) -> None:
        answers: dict[str, _Answer] = {}

        def applying(kept: Kept, answer: _Answer) -> Callable[[], None]:
            def apply() -> None:
                try:
                    kept.apply(now)
                except SessionGone as error:
                    answer.session_gone = str(error)
                except CardGone as error:
                    answer.gone = str(error)

            return apply

        present = [kept for kept in self.cards if kept.is_due(now)] if self._open else []
        if not present:
            return
        for kept in present:
            answers[kept.uuid] = _Answer()
        hung = self._worker.run([(kept.uuid, applying(kept, answers[kept.uuid])) for kept in present])
        for kept in present:
            answer = answers[kept.uuid]
            if kept.uuid in hung:
                self._give_up(kept)
            elif answer.session_gone is not None:
                self._session_lost(answer.session_gone)
                return
            elif answer.gone is not None:
                kept.lose(answer.gone)

    def end(self) -> None:
        """Hand every fan back, and say of which it could not be done. A hung card is left to the program after us."""
        jobs: list[tuple[str, Callable[[], None]]] = []
        for kept in self.cards:
            if self._open and not self._dry_run and kept.gone is None and kept.card is not None and kept.fans:
                jobs.append((kept.uuid, _handing_back(kept, kept.card)))
        self._worker.run(jobs)
        self._worker.run([("", self._session.stop)])
        self._worker.stop()
        self._open = False


def _handing_back(kept: Kept, card: Card) -> Callable[[], None]:
    def hand_back() -> None:
        for fan in range(card.fan_count):
            try:
                card.hand_back_fan(fan)
            except NvmlFailed as error:
                kept.say(journal.ERROR, f"fan {fan} could not be handed back: {error}")

    return hand_back

"""One card as rigd keeps it: what it reads, what is made of that, and what is set."""

from __future__ import annotations

from collections.abc import Callable

from rigd import journal
from rigd.config import Config, Entry
from rigd.cooling import Cooling
from rigd.fans import AUTOMATIC, FanPlan, same_speed
from rigd.judgement import Judge
from rigd.nvml import HEAT, POWER_CAP, Card, Reading
from rigd.setting import Setting

DISTRUST_S = 10.0
"""So long a temperature that cannot be believed costs full fans alone; then power, too."""
DEMAND_FALL_W_PER_S = 5.0
ASSUMED_SLOWDOWN_C = 90
"""Where a card does not tell it: lower than any that does."""


class Kept:
    """State of a card across sessions; its UUID is what it is known by."""

    def __init__(self, card: Card, entry: Entry | None, config: Config) -> None:
        self.uuid, self.model, self.entry = card.uuid, card.model, entry
        self.name = (entry.name if entry else None) or f"GPU {card.index}"
        self.card: Card | None = None
        self.reading: Reading | None = None
        self.read_at: float | None = None
        self.believed_at: float | None = None
        self.distrust: str | None = "not read yet"
        self.gone: str | None = None
        self.limit_wanted_w: int | None = None
        self.fans_wanted: list[int] = []
        self.demand_w = 0.0
        self.cooling = Cooling()
        self.critical = False
        self._judge = Judge()
        self.card_limits_w: tuple[int, int] | None = None
        """What the card lets its limit be, W."""
        self.default_w: int | None = None
        """The limit that the driver gives the card, W."""
        self.most_w: int | None = None
        """The highest limit that this card is given, when all is well; None: it is given none."""
        self.least_w = 0
        """The lowest limit that this card is given."""
        self._config = config
        self._distrusted_since: float | None = None
        self._plan: FanPlan | None = None
        say = self.say
        self.limit: Setting[int] = Setting("power limit, W,", say, config.reapply_s, lambda a, b: abs(a - b) <= 1)
        self.clocks: Setting[tuple[int, int] | None] = Setting("core clock lock, MHz,", say, config.reapply_s)
        self.memory_clocks: Setting[tuple[int, int] | None] = Setting("memory clock lock, MHz,", say, config.reapply_s)
        self.fans: list[Setting[int]] = []
        self.meet(card)

    def say(self, level: int, text: str) -> None:
        """A line in the journal about this card."""
        journal.say(level, f"{self.name} ({self.model}): {text}")

    def meet(self, card: Card) -> None:
        """The card in a new session: everything is set again."""
        self.card, self.gone = card, None
        self.distrust = "not read yet"
        self._judge.forget()
        self._bound_limits(card)
        fans = self.entry.fans if self.entry else None
        if fans is not None and card.fan_count and (self._plan is None or len(self.fans) != card.fan_count):
            self._plan = FanPlan(fans, card.fan_count, card.fan_least_percent)
            self.fans = [
                Setting(f"fan {fan}, per cent (-1: automatic),", self.say, self._config.reapply_s, same_speed)
                for fan in range(card.fan_count)
            ]
        self.forget_settings()

    def _bound_limits(self, card: Card) -> None:
        """Between what its limit is kept; it is remembered while the card is away."""
        self.card_limits_w, self.default_w = card.limits_w, card.default_w
        power = self.entry.power if self.entry else None
        if power is None or card.limits_w is None:
            self.most_w, self.least_w = None, 0
            return
        self.most_w = power.within(*card.limits_w, card.default_w)
        self.least_w = min(max(power.least_w or 0, card.limits_w[0]), self.most_w)

    def forget_settings(self) -> None:
        """What is in force may not be what was set: set all of it again."""
        for setting in self._settings():
            setting.forget()

    def _settings(self) -> list[Setting[int] | Setting[tuple[int, int] | None]]:
        return [self.limit, self.clocks, self.memory_clocks, *self.fans]

    def lose(self, why: str) -> None:
        """The card does not answer."""
        if self.gone is None:
            self.say(journal.ERROR, f"does not answer ({why}); its share of power is kept for it")
        self.gone = why
        self.distrust = why

    def take(self, now: float, reading: Reading) -> None:
        """A new reading: judge it."""
        elapsed = 0.0 if self.read_at is None else now - self.read_at
        self.reading, self.read_at = reading, now
        before = self.distrust
        held = bool(reading.reasons & HEAT)
        self.distrust = self._judge.wrong_with(now, reading.core_c, reading.power_w, held_for_heat=held)
        if self.distrust is None:
            self.believed_at = now
            self._distrusted_since = None
            if before not in (None, "not read yet"):
                self.say(journal.NOTICE, f"the temperature can be believed again: {reading.core_c} °C")
        else:
            self._distrusted_since = now if self._distrusted_since is None else self._distrusted_since
            if before != self.distrust and (before is None or before == "not read yet"):
                self.say(journal.ERROR, f"{self.distrust}: taken as too hot; fans to full speed")
        self._follow_cooling(now, reading)
        self._follow_demand(elapsed, reading)
        self._plan_fans(elapsed, reading)

    @property
    def slowdown_c(self) -> int:
        """Where the card's own hardware halves its clock."""
        return (self.card.slowdown_c if self.card else None) or ASSUMED_SLOWDOWN_C

    def _follow_cooling(self, now: float, reading: Reading) -> None:
        stalled = 0
        for fan, seen in enumerate(reading.fans or ()):
            if not self.cooling.stalled(now, fan, seen.percent if seen.manual else 0, seen.rpm):
                continue
            if self._plan is not None and self._plan.stands(fan, seen.percent):
                self.say(
                    journal.WARNING,
                    f"fan {fan} stands at {seen.percent} %: "
                    f"from now on it gets {self._plan.least_percent(fan):.0f} % at least",
                )
                self.cooling.stalled(now, fan, 0, None)
            else:
                stalled += 1
        if reading.core_c is None or self.distrust is not None:
            return
        before = self.cooling.share
        full = bool(reading.fans) and all(fan.manual and fan.percent >= 99 for fan in reading.fans or ())
        least = self.card_limits_w[0] / self.most_w if self.card_limits_w and self.most_w else 0.1
        self.cooling.follow(now, reading.core_c, self.slowdown_c, full, stalled, least)
        if self.cooling.share < before:
            self.say(journal.ERROR, f"{self.cooling.why}: the limit goes down to {self.cooling.share:.0%}")
        elif self.cooling.share > before:
            self.say(journal.NOTICE, f"cools again: the limit goes up to {self.cooling.share:.0%}")

    def _follow_demand(self, elapsed: float, reading: Reading) -> None:
        if reading.power_w is None or reading.limit_w is None:
            self.demand_w = float("inf")
            return
        held_back = reading.reasons & POWER_CAP or reading.power_w >= 0.95 * reading.limit_w
        wanted = float("inf") if held_back else reading.power_w * 1.15 + 10
        before = min(self.demand_w, float(self.most_w or 0))
        self.demand_w = max(wanted, before - DEMAND_FALL_W_PER_S * elapsed)

    def _plan_fans(self, elapsed: float, reading: Reading) -> None:
        if self._plan is None:
            return
        core = reading.core_c if self.distrust is None else None
        self.fans_wanted = self._plan.wanted(core, reading.memory_c, elapsed)

    @property
    def rejected_writes(self) -> int:
        """Settings that did not take."""
        return sum(setting.rejected for setting in self._settings())

    @property
    def foreign_writes(self) -> int:
        """Settings that somebody else changed."""
        return sum(setting.foreign for setting in self._settings())

    # Power

    @property
    def managed(self) -> bool:
        """Whether a limit is declared, and the card has one."""
        return self.most_w is not None

    def bound_w(self, now: float) -> int:
        """The highest limit now: less where fans do not cool, the temperature is unknown for long, or critical."""
        assert self.most_w is not None and self.card_limits_w is not None
        distrusted = self._distrusted_since is not None and now - self._distrusted_since >= DISTRUST_S
        if distrusted or self.critical:
            return self.card_limits_w[0]
        return max(self.card_limits_w[0], int(self.most_w * self.cooling.share))

    def in_force_w(self) -> float:
        """What it may draw now, by what is known: the limit that it reads, else the highest that it may have."""
        if self.gone is None and self.reading is not None and self.reading.limit_w is not None:
            return self.reading.limit_w
        return float(self.default_w or self.most_w or 0)

    # What is set

    def is_due(self, now: float) -> bool:
        """Whether anything has to be set now. Most ticks nothing has, and no call is made for it."""
        reading, entry = self.reading, self.entry
        if self.card is None or entry is None or reading is None or self.gone is not None:
            return False
        due = False
        for fan, (setting, wanted) in enumerate(zip(self.fans, self.fans_wanted, strict=False)):
            due = setting.is_due(now, wanted, _seen_speed(reading, fan)) or due
        if self.limit_wanted_w is not None and self.card.limits_w is not None:
            due = self.limit.is_due(now, self.limit_wanted_w, _seen_limit_w(reading)) or due
        if entry.clocks is not None:
            due = self.clocks.is_due(now, entry.clocks.graphics_mhz, None) or due
            due = self.memory_clocks.is_due(now, entry.clocks.memory_mhz, None) or due
        return due

    def apply(self, now: float) -> None:
        """Set what is wanted. Called where calls on cards are made. Raises SessionGone, CardGone."""
        card, entry, reading = self.card, self.entry, self.reading
        if card is None or entry is None or reading is None or self.gone is not None:
            return
        self._apply_fans(now, card, reading)
        if self.limit_wanted_w is not None and card.limits_w is not None:
            seen = _seen_limit_w(reading)
            self.limit.keep(now, self.limit_wanted_w, seen, card.set_limit_w, lambda: round(card.limit_w()))
        if entry.clocks is not None:
            self.clocks.keep(now, entry.clocks.graphics_mhz, None, card.lock_graphics, None)
            self.memory_clocks.keep(now, entry.clocks.memory_mhz, None, card.lock_memory, None)

    def _apply_fans(self, now: float, card: Card, reading: Reading) -> None:
        for fan, (setting, wanted) in enumerate(zip(self.fans, self.fans_wanted, strict=False)):
            setting.keep(
                now,
                wanted,
                _seen_speed(reading, fan),
                _putting(card, fan),
                lambda fan=fan: _speed(card, fan),  # type: ignore[misc]
            )


def _seen_speed(reading: Reading, fan: int) -> int | None:
    seen = reading.fans[fan] if reading.fans else None
    return None if seen is None else seen.percent if seen.manual else AUTOMATIC


def _seen_limit_w(reading: Reading) -> int | None:
    return None if reading.limit_w is None else round(reading.limit_w)


def _putting(card: Card, fan: int) -> Callable[[int], None]:
    def put(percent: int) -> None:
        if percent == AUTOMATIC:
            card.hand_back_fan(fan)
        else:
            card.set_fan(fan, percent)

    return put


def _speed(card: Card, fan: int) -> int:
    found = card.fan(fan)
    return found.percent if found.manual else AUTOMATIC

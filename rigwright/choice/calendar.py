"""Calendar events of systemd's, as far as one can tell by looking how far apart they are."""

from __future__ import annotations

import re
from itertools import pairwise

_WORDS_H = {
    "minutely": 1, "hourly": 1, "daily": 24, "weekly": 7 * 24, "monthly": 31 * 24, "quarterly": 92 * 24,
    "semiannually": 184 * 24, "yearly": 366 * 24, "annually": 366 * 24,
}  # fmt: skip
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^(?P<hours>[*0-9,/]+):[*0-9,/]+(:[*0-9,/]+)?$")


def longest_gap_h(event: str) -> int | None:
    """The most hours between two of its moments, rounded up; None: only systemd can tell.

    Understood: the words ('daily'), and weekdays and times of day ('Mon..Fri 04:00', '*-*-* 03,15:00').
    """
    parts = event.lower().split()
    if len(parts) == 1 and parts[0] in _WORDS_H:
        return _WORDS_H[parts[0]]
    days = list(range(7))
    if parts and parts[0][:3] in _DAYS:
        found = _weekdays(parts.pop(0))
        if found is None:
            return None
        days = found
    if parts and parts[0] == "*-*-*":
        parts.pop(0)
    hours = _hours(parts[0]) if len(parts) == 1 else [0] if not parts else None
    if hours is None:
        return None
    moments = [day * 24 + hour for day in days for hour in hours]
    return max(after - before for before, after in pairwise([*moments, moments[0] + 7 * 24]))


def _weekdays(text: str) -> list[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        first, ranged, last = part.partition("..")
        if first[:3] not in _DAYS or (ranged and last[:3] not in _DAYS):
            return None
        begin = _DAYS.index(first[:3])
        end = _DAYS.index(last[:3]) if ranged else begin
        found |= {day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)}
    return sorted(found)


def _hours(text: str) -> list[int] | None:
    matched = _TIME.match(text)
    if matched is None:
        return None
    found: set[int] = set()
    for part in matched["hours"].split(","):
        first, stepped, step = part.partition("/")
        if part == "*":
            return list(range(24))
        if not (first == "*" or first.isdecimal()) or (stepped and not step.isdecimal()):
            return None
        begin = 0 if first == "*" else int(first)
        found |= set(range(begin, 24, int(step) or 24)) if stepped else {begin}
    return sorted(hour for hour in found if hour < 24) or None

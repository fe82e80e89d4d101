"""Times of a schedule, as Argo reads them (robfig/cron v3): what it would refuse, or never start, is refused here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import product

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = dict(zip(_MONTH_NAMES, range(1, 13), strict=True))
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS = 9 * 366
"""The longest time between two 29 February."""


@dataclass(frozen=True)
class Field:
    """One of the five fields."""

    name: str
    first: int
    last: int
    names: Mapping[str, int]

    def read(self, text: str) -> frozenset[int]:
        """The values that a list of ranges means.

        Raises:
            ValueError: it means none.
        """
        return frozenset(value for part in text.split(",") for value in self._range(part))

    def _range(self, text: str) -> range:
        found = re.fullmatch(r"([*?]|\w+)(?:-(\w+))?(?:/([0-9]+))?", text, re.ASCII)
        if not found or (found[2] and found[1] in "*?"):
            raise ValueError(f"{self.name} {text!r} is no value, range (1-5) or step (*/2)")
        first, last, step = found.groups()
        if first in "*?":
            start, end = self.first, self.last
        else:
            start = self._value(first)
            # a step without an end goes on to the last
            end = self._value(last) if last else self.last if step else start
        if start > end:
            raise ValueError(f"{self.name} {text!r} ends before it begins")
        if step and int(step) == 0:
            raise ValueError(f"{self.name} {text!r} has a step of 0")
        return range(start, end + 1, int(step or 1))

    def _value(self, text: str) -> int:
        value = int(text) if text.isdecimal() else self.names.get(text.lower(), -1)
        if not self.first <= value <= self.last:
            known = f" or {next(iter(self.names)).upper()} and the like" if self.names else ""
            raise ValueError(f"{self.name} {text!r} is not from {self.first} to {self.last}{known}")
        return value


_FIELDS = (
    Field("minute", 0, 59, {}),
    Field("hour", 0, 23, {}),
    Field("day", 1, 31, {}),
    Field("month", 1, 12, _MONTHS),
    Field("weekday", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True)
class Times:
    """When something happens."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either: bool
    """Whether a day or a weekday is enough: where both are restricted."""

    @classmethod
    def read(cls, text: str) -> Times:
        """Read the five fields of cron, or `@daily` and the like.

        Raises:
            ValueError: they cannot be read, or no day is ever meant.
        """
        fields = _NAMED.get(text, text).split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"has not five fields: write minute hour day month weekday, or one of {', '.join(_NAMED)}")
        minutes, hours, days, months, weekdays = (field.read(part) for field, part in zip(_FIELDS, fields, strict=True))
        either = not (_every(fields[2]) or _every(fields[4]))
        if not either and min(days) > max(_LONGEST_MONTHS[month - 1] for month in months):
            raise ValueError(f"never comes: month {fields[3]} has no day {fields[2]}")
        return cls(minutes, hours, days, months, weekdays, either)

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first of the times after a moment, in a time zone."""
        return next(time for time in self._from(moment.astimezone(zone)) if time > moment)

    def _from(self, moment: datetime) -> Iterator[datetime]:
        """All times from the day of a moment on, in its zone; those that a change of clocks leaves out do not come."""
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        for day in (midnight + timedelta(days=count) for count in range(_DAYS)):
            if self._on(day):
                for hour, minute in product(sorted(self.hours), sorted(self.minutes)):
                    time = day.replace(hour=hour, minute=minute)
                    if time.astimezone(UTC).astimezone(time.tzinfo) == time:
                        yield time

    def _on(self, day: datetime) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (of_month or of_week if self.either else of_month and of_week)


def _every(text: str) -> bool:
    """Whether a field is left open, as Argo sees it: a step of more than 1 restricts."""
    return any(re.fullmatch(r"[*?](/0*1)?", part) for part in text.split(","))

"""Templates that work out what they show from their unnamed parts: dates, years passed, numbers, places and signs."""

import re
from collections.abc import Callable

_ISO = re.compile(r"([0-9]{1,4})-([0-9]{1,2})(?:-([0-9]{1,2}))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RANGE = {"to": "–", "-": "–", "–": "–", "から": "–", "and": "と", "x": " × ", "×": " × ", "by": " × ", "or": "または"}
_NUMBER = re.compile(r"[-−+]?[0-9][0-9,.]*")
_DIRECTIONS = {"n": "北緯", "s": "南緯", "e": "東経", "w": "西経"}
_UNITS = ("度", "分", "秒")
_SIGNS = {
    "yes": "はい",
    "yes2": "はい",
    "no": "いいえ",
    "no2": "いいえ",
    "partial": "一部",
    "○": "○",
    "ya": "○",
    "good": "○",
    "◎": "◎",
    "△": "△",
    "×": "×",
    "bad": "×",
    "won": "受賞",
    "nom": "ノミネート",
    "tba": "未定",
    "tbd": "未定",
    "n/a": "N/A",
    "dunno": "?",
}

AGES = frozenset(("年数", "年齢", "満年齢", "age", "経過年数", "年数2"))
"""Templates that show the full years from a date to another one, or to the day the page is read."""


def years_passed(parts: list[str], today: str) -> str | None:
    """Full years between two dates; None where either is not known.

    Args:
        parts: year, month and day of the first date, and of the second if it is given.
        today: ISO date that stands for the second, such as that of the page's revision, so that a page always gives
            the same text; may be empty.
    """
    begin, end = _numbers(parts[:3]), _numbers(parts[3:6]) or _numbers(today[:10].split("-"))
    if not begin or not end:
        return None
    compared = min(len(begin), len(end))
    years = end[0] - begin[0] - (end[1:compared] < begin[1:compared])
    return str(years) if years >= 0 else None


def _numbers(parts: list[str]) -> list[int]:
    """The numbers that a list begins with."""
    found: list[int] = []
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 4):
            break
        found.append(int(part))
    return found


def _date(parts: list[str]) -> str:
    """A date as one ISO date, as year, month and day, or as day, month and year."""
    filled = [part for part in parts if part]
    if filled and (iso := _ISO.fullmatch(filled[0])):
        filled = [number for number in iso.groups() if number]
    if len(filled) == 3 and len(filled[2]) == 4:
        filled.reverse()
    if not filled or not filled[0].isdigit():
        return " ".join(filled)
    spelled = filled[1][:3].lower() if len(filled) > 1 else ""
    numbers = [filled[0], str(_MONTHS.index(spelled) + 1) if spelled in _MONTHS else "".join(filled[1:2]), *filled[2:3]]
    return "".join(
        f"{number.lstrip('0')}{unit}" for number, unit in zip(numbers, "年月日", strict=False) if number.strip("0")
    )


def _fraction(parts: list[str]) -> str:
    """A fraction: its denominator; numerator and denominator; or a whole number before these."""
    *whole, numerator, denominator = ["1", *parts] if len(parts) == 1 else parts[:3] or ["", ""]
    fraction = f"{numerator}/{denominator}" if numerator and denominator else numerator or denominator
    return " ".join(filter(None, (*whole, fraction)))


def _measure(parts: list[str]) -> str:
    """A number, or a range of numbers, with its first unit."""
    shown = parts[0] if parts else ""
    index = 1
    while index + 1 < len(parts) and parts[index] in _RANGE and _NUMBER.fullmatch(parts[index + 1]):
        shown += f"{_RANGE[parts[index]]}{parts[index + 1]}"
        index += 2
    return f"{shown} {parts[index]}" if index < len(parts) and parts[index] else shown


def _full_name(parts: list[str]) -> str:
    return " ".join(part for part in parts[:2] if part)


def _sorted_as(parts: list[str]) -> str:
    """What is shown stands behind the key that it is sorted by."""
    return parts[1] if len(parts) > 1 and parts[1] else "".join(parts[:1])


def _first(parts: list[str]) -> str:
    return "".join(parts[:1])


def coordinates(parts: list[str]) -> str | None:
    """Latitude and longitude in words, such as 北緯33度17分; None if the parts are none."""
    shown: list[str] = []
    numbers: list[str] = []
    for part in parts:
        if _NUMBER.fullmatch(part):
            numbers.append(part.lstrip("0") or "0")
        elif (direction := _DIRECTIONS.get(part.lower())) and numbers:
            shown.append(direction + "".join(map("".join, zip(numbers, _UNITS, strict=False))))
            numbers = []
    if not shown and len(numbers) >= len(_DIRECTIONS) // 2:
        return "".join(("緯度", numbers[0], "度 経度", numbers[1], "度"))
    return " ".join(shown[:2]) if len(shown) > 1 else None


def _sign(shown: str) -> Callable[[list[str]], str]:
    return lambda parts: "".join(parts[:1]) or shown


_SHOWN_BY: tuple[tuple[str, Callable[[list[str]], str]], ...] = (
    ("dts|年月日|dts2|日付ソート", _date),
    ("frac|分数|sfrac|fraction", _fraction),
    ("convert|cvt", _measure),
    ("sortname|人名ソート", _full_name),
    ("sort|ソート", _sorted_as),
    ("nts|number table sorting|by2|small2|pron-en", _first),
)
SHOWN: dict[str, Callable[[list[str]], str]] = {
    **{name: show for known, show in _SHOWN_BY for name in known.split("|")},
    **{name: _sign(shown) for name, shown in _SIGNS.items()},
}
"""What templates show, given their unnamed parts, stripped."""

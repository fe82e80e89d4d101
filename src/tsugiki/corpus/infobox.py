"""Infoboxes as lines of `key：value`, so that each fact stands on its own."""

import re

from tsugiki.corpus.html import flatten
from tsugiki.corpus.marks import FIELD, ROW, without_marks

_INFOBOX_NAME = re.compile(
    r"infobox|基礎情報|^(?:声優|漫画|アニメ|ゲーム|actoractress|musicianbox|テレビ番組|ドラマ|映画|人物)"
)
_BULLET = re.compile(r"^[*#:]+\s*")
_FILE = re.compile(r"^[^\n<>|]{1,200}\.(?:svg|png|jpe?g|gif|webp|tiff?|ogg|oga|ogv|webm|mid)$", re.IGNORECASE)
_SIZE = re.compile(r"^(?:x?\d{1,4}(?:x\d{1,4})?px|#[0-9a-fA-F]{3,6})$")
_NUMBER = re.compile(r"(?<=\D)\d{1,3}$")
_NAVIGATION = frozenset(["ウィキプロジェクト", "ウィキポータル", "プロジェクト", "ポータル", "extra_column"])
"""Keys whose values lead elsewhere, or say how the box looks."""
_FEWEST_FIELDS = 2
_MANY_FIELDS = 4


def is_infobox(name: str, named: dict[str, str], whole: str) -> bool:
    """Whether a template's shape is that of an infobox: named fields, several of them, or one on each line."""
    if _INFOBOX_NAME.search(name):
        return bool(named)
    filled = sum(1 for value in named.values() if value.strip())
    return filled >= _MANY_FIELDS or (filled >= _FEWEST_FIELDS and "\n" in whole)


def render_infobox(named: dict[str, str], unnamed: list[str]) -> str:
    """One marked line for each field with a value; what has no key stands alone. File names and sizes go.

    Fields in a row whose keys end in one number (title1, length1) are one line: they speak of one thing.
    """
    lines: list[str] = []
    above = ""
    for key, value in named.items():
        shown = [] if key in _NAVIGATION else _field(key, value)
        number = found[0] if (found := _NUMBER.search(key)) else ""
        if number and number == above and len(shown) == 1:
            lines[-1] += f" / {shown[0]}"
        else:
            lines += shown
        if shown:
            above = number if len(shown) == 1 else ""
    for part in unnamed:
        lines += _field("", part)
    return "\n" + "".join(f"{FIELD}{line}\n" for line in lines)


def _field(key: str, value: str) -> list[str]:
    flat = flatten(value).strip()
    if not flat:
        return []
    plain: list[str] = []
    nested: list[str] = []
    for line in flat.split("\n"):
        text = line.strip()
        (nested if text.startswith(FIELD) else plain).append(_BULLET.sub("", without_marks(text)).strip())
    text = _joined([line for line in plain if line], value)
    if not text or not is_shown(text):
        return nested
    return [f"{key}：{text}" if key else text, *nested]


def render_record(named: dict[str, str]) -> str:
    """All named parts with a value on one marked line, as a row of a table."""
    fields = (field for key, value in named.items() for field in _field(key, value))
    return f"\n{ROW}{' / '.join(fields)}\n"


def is_shown(value: str) -> bool:
    """Whether a value says something: names of files, sizes and colours do not."""
    return not (("." in value and _FILE.match(value)) or _SIZE.match(value))


def _joined(lines: list[str], value: str) -> str:
    if len(lines) < 2:
        return "".join(lines)
    return ("、" if re.search(r"^[*#:]", value, re.MULTILINE) else " ").join(lines)

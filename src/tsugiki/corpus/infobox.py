"""Infoboxes as lines of `key：value`, so that each fact stands on its own."""

import re
from functools import lru_cache
from typing import Literal

from tsugiki.corpus.html import flatten
from tsugiki.corpus.marks import FIELD, ROW, Ledger, without_marks

_INFOBOX_NAME = re.compile(
    r"infobox|基礎情報|^(?:声優|漫画|アニメ|ゲーム|actoractress|musicianbox|テレビ番組|ドラマ|映画|人物)"
)
_BULLET = re.compile(r"^[*#:]+\s*")
_FILE = re.compile(r"^[^\n<>|]{1,200}\.(?:svg|png|jpe?g|gif|webp|tiff?|ogg|oga|ogv|webm|mid)$", re.IGNORECASE)
_SIZE = re.compile(r"^(?:x?\d{1,4}(?:x\d{1,4})?px|#[0-9a-fA-F]{3,6})$")
_NUMBER = re.compile(r"(?<=\D)\d{1,3}$")
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|year)(?=[ _])", re.IGNORECASE)
_NAVIGATION = frozenset(["ウィキプロジェクト", "ウィキポータル", "プロジェクト", "ポータル"])
"""Keys whose values lead elsewhere."""
_TECHNICAL = re.compile(
    # places: a map is not read, and what {{coord}} shows goes too
    r"(?:lat|long?)[dms]?|latns|longew|(?:lat|long?)[ _](?:d|m|s|deg|min|sec|dir|ns|ew|direction)|"
    r"(?:lat|long?)[ _](?:degrees|minutes|seconds)|"
    r"(?:緯度|経度)[度分秒]|[ns][(（]北緯.*|[ew][(（]東経.*|coord(?:inate)?s?[ _].*|座標.*(?:表示|形式|右上)|"
    r"(?:maplink|mapframe|pushpin|位置図|緯度経度)\S*|zoom|(?:frame|stroke|fill|marker)[ _-].*|"
    # pictures
    r"(?:image|map|flag|logo|photo|picture|emblem|coa|seal|symbol|cover|signature|chart)(?:[ _]\w+)?"
    r"[ _]?(?:size|width|height|upright|alt|link|border)|alt|upright|px|"
    r"(?:画像|国旗|国章|位置画像|地図|写真|ロゴ|市章|紋章|サムネイル)\S*(?:サイズ|幅|大きさ|リンク|補正)|"
    # looks of the box; a color by itself may be one of the subject
    r"(?:above|body|header|title|label|data|list|group|base|cell|image|caption)[ _]?(?:style|class)\d*|"
    r"(?:bg|back(?:ground)?|text|font|header|title|box|frame|border|label)[ _-]?colou?rs?|背景色|文字色|"
    r"(?:metric|imperial)[ _]first|single[ _]line|extra[ _]column|collapsed|collapsible|nocat|autoconvert|embed|"
    # the exponent by which a template orders countries
    r"(?:面積|人口)大きさ",
    re.IGNORECASE,
)
"""Keys that tell the template how to look or where to point, and say nothing that a reader reads."""
_Use = Literal["field", "technical", "navigation"]
_FEWEST_FIELDS = 2
_MANY_FIELDS = 4


def is_infobox(name: str, named: dict[str, str], whole: str) -> bool:
    """Whether a template's shape is that of an infobox: named fields, several of them, or one on each line."""
    if _INFOBOX_NAME.search(name):
        return bool(named)
    filled = sum(1 for value in named.values() if value.strip())
    return filled >= _MANY_FIELDS or (filled >= _FEWEST_FIELDS and "\n" in whole)


def render_infobox(named: dict[str, str], unnamed: list[str], ledger: Ledger) -> str:
    """One marked line for each field with a value; what has no key stands alone. Files, sizes and technical keys go.

    Fields in a row whose keys end in one number (title1, length1), or differ in the month only (Jan high, Feb high),
    are one line: they speak of one thing.
    """
    lines: list[str] = []
    above = ""
    for key, value in named.items():
        use, common = _purpose(key)
        shown = _shown(use, key, value, ledger)
        if common and common == above and len(shown) == 1:
            lines[-1] += f" / {shown[0]}"
        else:
            lines += shown
        if shown:
            above = common if len(shown) == 1 else ""
    for part in unnamed:
        lines += _field("", part)
    return "\n" + "".join(f"{FIELD}{line}\n" for line in lines)


def _shown(use: _Use, key: str, value: str, ledger: Ledger) -> list[str]:
    """The lines of a field, none if its key is for the template alone."""
    if use == "field":
        return _field(key, value)
    if use == "technical" and value.strip():
        ledger.note_named("technical_field", key)
    return []


# Templates take no key of more than 80 characters, so that what is remembered is bounded.
@lru_cache(16_384)
def _purpose(key: str) -> tuple[_Use, str]:
    """What a key is for, and what keys of one line have in common: the number they end in, or all but the month."""
    use: _Use = "navigation" if key in _NAVIGATION else "technical" if _TECHNICAL.fullmatch(key) else "field"
    if month := _MONTH.match(key):
        return use, key[month.end() :]
    return use, number[0] if (number := _NUMBER.search(key)) else ""


def _field(key: str, value: str) -> list[str]:
    flat = flatten(value).strip()
    if not flat:
        return []
    nested: list[str] = []
    if flat.isprintable():
        # one line without marks, as most are
        text = _BULLET.sub("", flat)
    else:
        plain: list[str] = []
        for line in map(str.strip, flat.split("\n")):
            (nested if line.startswith(FIELD) else plain).append(_BULLET.sub("", without_marks(line)).strip())
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

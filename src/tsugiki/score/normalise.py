"""Normalisation of short Japanese answers: what two spellings may differ in and still be the same answer.

Unified: width and compatibility forms (NFKC), case, white space, quotes and other punctuation, decorative
symbols, thousands separators, a closing copula (です, だ), and kanji numerals when they are the whole answer.

Kept apart, because merging them is not safe: hiragana and katakana, old and new kanji, kanji numerals inside a
longer text (三国志), a reading in brackets, a number and its unit. Such variants belong into `Chat.references`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Break(IntEnum):
    """What was removed between two characters; where several things were, the largest counts."""

    NOTHING = 0
    """Removed without a trace: a zero-width character."""
    SOFT = 1
    """Inside a name or a word: a space, a quote, ・, a hyphen, a star."""
    SENTENCE = 2
    """Between sentences or clauses: 。, a bracket, a colon."""
    ITEM = 3
    """Between the items of a list: 、, a comma, a semicolon, a slash, a line end."""


@dataclass(frozen=True)
class Squeezed:
    """A text reduced to the characters that carry meaning."""

    text: str
    breaks: Mapping[int, Break]
    """Index in `text` of the character before which something was removed."""


_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_RANGE = re.compile(r"(?<=\d)[〜~](?=\d)")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
# A minus after kanji or katakana is a dash (1990年-1995年); after hiragana or at a boundary it is a sign (は-5).
_MEANT = re.compile(r"(?<=\d)[.:/-](?=\d)|(?<=\d)%|(?<=[a-z])#|(?<![0-9a-z\u3400-\u9fffァ-ヿ])-(?=\d)")
_ITEM = frozenset("、,;/\n\r")
_SENTENCE = frozenset("。.:()[]{}<>【】〔〕〈〉…")
_DECORATION = frozenset("=~`^|☆★♪♫♡♥❤")


@lru_cache(maxsize=4096)
def squeeze(text: str) -> Squeezed:
    """Fold width and case, and remove white space, punctuation and decoration, remembering where they stood.

    Punctuation that belongs to a value stays: 3.14, 12:30, 1/2, -5, 50%, c#. A text of nothing but punctuation
    is returned as it is, so that it still equals itself.
    """
    folded = _fold(text)
    meant = {match.start() for match in _MEANT.finditer(folded)}
    kept: list[str] = []
    breaks: dict[int, Break] = {}
    for index, char in enumerate(folded):
        kind = None if index in meant else _removed_as(char)
        if kind is None:
            kept.append(char)
        elif kind:
            breaks[len(kept)] = max(kind, breaks.get(len(kept), kind))
    return Squeezed("".join(kept), breaks) if kept else Squeezed("".join(folded.split()), {})


def _fold(text: str) -> str:
    """NFKC and case folding, with one kind of dash and without thousands separators."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_DASHES)
    return _RANGE.sub("-", _THOUSANDS.sub(lambda match: match[0].replace(",", ""), folded))


def _removed_as(char: str) -> Break | None:
    """The break that `char` leaves, None if it stays."""
    category = unicodedata.category(char)
    if category == "Cf":
        return Break.NOTHING
    if char in _ITEM:
        return Break.ITEM
    if char in _SENTENCE:
        return Break.SENTENCE
    return Break.SOFT if category[0] in "PZC" or char in _DECORATION else None


_POLITE = re.compile(r"(?<=.)で(?:ございます|あります|した|ある|す)[よね]*$")
_PLAIN = re.compile(r"(?<=.)だ[よね]*$")
_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_TENS = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"万": 10_000, "億": 100_000_000}
_COUNTED = re.compile(
    r"([〇零一二三四五六七八九十百千万億]+)"
    r"(人|名|個|年|年間|か月|月|日|時|時間|分|秒|回|話|巻|期|歳|才|円|本|枚|匹|台|冊|点|番|位|階|度|世紀|作|部|章|号)?"
)


def answer_forms(text: str) -> frozenset[str]:
    """Every normalised form of an answer: as it is, and without its closing です or だ."""
    squeezed = squeeze(text).text
    return reference_forms(text) | {_arabic(_PLAIN.sub("", squeezed))}


def reference_forms(text: str) -> frozenset[str]:
    """Every normalised form of a reference: as it is, and without its closing です.

    だ stays, because words end in it (からだ): only an answer may have it removed.
    """
    squeezed = squeeze(text)
    return frozenset({_arabic(squeezed.text), _arabic(without_copula(squeezed).text)})


def without_copula(squeezed: Squeezed) -> Squeezed:
    """Remove a closing です (でした, である, ですよ)."""
    return Squeezed(_POLITE.sub("", squeezed.text), squeezed.breaks)


def _arabic(text: str) -> str:
    """Write a text that is one kanji numeral, with or without a counter, in Arabic numerals (二十四年: 24年)."""
    match = _COUNTED.fullmatch(text)
    if match is None:
        return text
    numeral, counter = match.groups(default="")
    if all(char in _DIGITS for char in numeral):
        return "".join(str(_DIGITS[char]) for char in numeral) + counter
    return f"{_value(numeral)}{counter}"


def _value(numeral: str) -> int:
    """The value of a kanji numeral with 十, 百, 千, 万 or 億."""
    total = group = digit = 0
    for char in numeral:
        if char in _DIGITS:
            digit = digit * 10 + _DIGITS[char]
        elif char in _TENS:
            group += (digit or 1) * _TENS[char]
            digit = 0
        else:
            total += (group + digit or 1) * _MYRIADS[char]
            group = digit = 0
    return total + group + digit

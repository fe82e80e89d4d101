"""What a page says, as facts that its cleaned text must hold, and the search for them in a text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

GAP = "\x00"
"""Stands in a text where something unknown was: a fact ends there, since what is shown in its place is not known."""

_NOT_WORD = re.compile(r"[\W_]+")
_PAIR_GAP = 8
"""Most characters that may stand between the two halves of a pair, such as a bullet or a label."""


class Fact(NamedTuple):
    """Something a page says: words that must stand in the text in this order."""

    kind: str
    """`infobox`, `field`, `pair`, `cell`, `row`, `label`, `item`, `heading`, `template` or `prose`."""
    parts: tuple[str, ...]
    """Each part squeezed (see `squeeze`), never empty. A part stands in the text as a whole."""


class Text:
    """A cleaned text, ready to be searched for facts."""

    def __init__(self, text: str) -> None:
        self.lines = "\n".join(squeeze(line) for line in text.split("\n"))
        self.whole = self.lines.replace("\n", "")

    def holds(self, fact: Fact) -> bool:
        """Whether the text says it: fields and rows on one line, pairs and labelled cells side by side."""
        if fact.kind in ("field", "row"):
            return any(_in_order(line, fact.parts) for line in self._lines_with(fact.parts[0]))
        if fact.kind == "label":
            return "".join(fact.parts) in self.lines
        if fact.kind == "pair":
            between = rf"\w{{0,{_PAIR_GAP}}}?"
            return re.search(between.join(map(re.escape, fact.parts)), self.whole) is not None
        return all(part in self.whole for part in fact.parts)

    def _lines_with(self, part: str) -> Iterator[str]:
        place = self.lines.find(part)
        while place >= 0:
            start = self.lines.rfind("\n", 0, place) + 1
            end = self.lines.find("\n", place)
            end = len(self.lines) if end < 0 else end
            yield self.lines[start:end]
            place = self.lines.find(part, end)


def _in_order(line: str, parts: tuple[str, ...]) -> bool:
    place = 0
    for part in parts:
        place = line.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def squeeze(text: str) -> str:
    """The letters and digits of a text alone, in NFKC: what every way of cleaning must agree on."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", html.unescape(text)))


def fact(kind: str, text: str) -> list[Fact]:
    """The facts in a text: each stretch of a line between two gaps is one."""
    stretches = (squeeze(stretch) for line in text.split("\n") for stretch in line.split(GAP))
    return [Fact(kind, (stretch,)) for stretch in stretches if stretch]


def joint_fact(kind: str, texts: list[str]) -> list[Fact]:
    """One fact of several texts, in their order; none where fewer than two of them say anything."""
    parts = tuple(found.parts[0] for text in texts for found in fact(kind, text))
    return [Fact(kind, parts)] if len(parts) > 1 else []

"""What passes between cleaning rules: the ledger of hits, and marks in the text that no page can contain."""

import re
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

from tsugiki.corpus.charset import CharSet

HEADING = "\x01"
"""Begins a heading line; its level (1 to 6) follows as one digit."""
ITEM = "\x02"
"""Begins a list item."""
TERM = "\x03"
"""Begins the term of a definition list."""
DEFINITION = "\x04"
"""Begins a definition."""
ROW = "\x05"
"""Begins a line made from a table row."""
BREAK = "\x06"
"""A line break inside a cell, an item or a paragraph."""
DEEPER = "\x07"
"""Follows ITEM once for each list around its own."""
FIELD = "\x08"
"""Begins a line made from an infobox field."""
WRITTEN = "\x0e"
"""Stands in an empty pair of brackets or quotes that the page itself writes, so that it counts as filled."""
LINE_MARKS = ITEM + TERM + DEFINITION + ROW + FIELD
"""What may begin a line, headings apart."""

_LONGEST_NAME = 80
_MARKS = re.compile(f"(?m)^{HEADING}[0-9]|[{HEADING}{LINE_MARKS}{DEEPER}]")
# Characters that no exchanged text may contain (Unicode noncharacters), one for each ASCII punctuation mark.
_HIDDEN = "".join(chr(0xFDD0 + index) for index in range(len(string.punctuation)))
_HIDE = str.maketrans(string.punctuation, _HIDDEN)
_SHOW = dict(zip(_HIDDEN, string.punctuation, strict=True))
_HIDDEN_CHAR = re.compile(f"[{_HIDDEN[0]}-{_HIDDEN[-1]}]")
_HAS_HIDDEN = CharSet(f"{_HIDDEN[0]}-{_HIDDEN[-1]}")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_UNCLEAN = CharSet("\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


class Pathological(Exception):
    """The page is built so that cleaning it would need unbounded time or memory."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass
class Ledger:
    """What each rule did to one page, and the limits it must keep to."""

    max_depth: int
    max_chars: int
    today: str = ""
    """ISO date that the page speaks of as today: that of its revision; empty if it is not known."""
    hits: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of some rules also what they applied to, such as a template's name: rule and name, with their count."""
    removed: Counter[str] = field(default_factory=Counter)
    """Characters by which each step of the pipeline made the text shorter; negative where it grew."""

    def note(self, rule: str, times: int = 1) -> None:
        """Count applications of a rule."""
        if times:
            self.hits[rule] += times

    def note_named(self, rule: str, name: str) -> None:
        """Count one application of a rule, and by name what it applied to."""
        self.hits[rule] += 1
        self.names[rule, name[:_LONGEST_NAME]] += 1

    def measure(self, step: str, before: str, after: str) -> None:
        """Count the characters that one step of the pipeline removed."""
        self.removed[step] += len(before) - len(after)

    def measured(self, rule: "Rule", text: str) -> str:
        """What a rule makes of a text, measured under the rule's name."""
        changed = rule(text, self)
        self.measure(rule.__name__, text, changed)
        return changed

    def clear(self) -> None:
        """Forget what was counted: the page is read anew."""
        for counts in (self.hits, self.names, self.removed):
            counts.clear()

    def sub(self, rule: str, pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Replace what a pattern finds, and count it under the rule's name."""
        text, times = pattern.subn(by, text)
        self.note(rule, times)
        return text

    def sub_inner(self, rule: str, pattern: re.Pattern[str], text: str) -> str:
        """Replace what a pattern finds by its only group, and count it: what `sub` does, at twice its speed."""
        pieces = pattern.split(text)
        self.note(rule, len(pieces) // 2)
        return "".join(pieces)

    def check_depth(self, depth: int) -> None:
        """Give up on a page whose markup is nested, or left open, beyond the limit."""
        if depth > self.max_depth:
            raise Pathological("too_deep", f"markup nested or left open more than max_depth = {self.max_depth} times")

    def check_chars(self, chars: int) -> None:
        """Give up on a page that would grow beyond the limit."""
        if chars > self.max_chars:
            raise Pathological("too_long", f"more than max_chars = {self.max_chars} characters")


Rule = Callable[[str, Ledger], str]
"""One step of cleaning: the text before and after, counted in the ledger under the rule's name."""


def sanitise(text: str, ledger: Ledger) -> str:
    """Unify line ends and remove control characters, lone surrogates and noncharacters."""
    if not _UNCLEAN.occurs(text):
        return text
    return ledger.sub("control_character", _FORBIDDEN, "", _LINE_END.sub("\n", text))


def hide(text: str) -> str:
    """The text with every ASCII punctuation mark replaced, so that no later rule takes it for markup."""
    return text.translate(_HIDE)


def hide_literal(text: str) -> str:
    """Like `hide`, after character references such as &amp; were read."""
    return hide(unescape(text) if "&" in text else text)


def show(text: str, _ledger: Ledger) -> str:
    """Bring back the punctuation that was hidden."""
    return _HIDDEN_CHAR.sub(lambda hidden: _SHOW[hidden[0]], text) if _HAS_HIDDEN.occurs(text) else text


def without_marks(text: str) -> str:
    """The text without marks; breaks become spaces."""
    return text if text.isprintable() else _MARKS.sub("", text).replace(BREAK, " ")

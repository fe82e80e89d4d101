"""The passage of a page in which most was lost, what was lost marked, beside the passage of the document it became."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from tsugiki.corpus.nfkc import nfkc
from tsugiki.corpus.samples import Sample

_WORD = re.compile(r"\w{2,}")
_CHARS = 1200
"""Most characters of a passage, lines counted as they are shown."""
_LONGEST_LINE = 300
_FEWEST_LETTERS = 6
"""Fewer letters in a row that the document lacks are as likely names of parameters and tags."""
_CONTEXT = 2
"""Lines shown before the first that lost something."""
_ANCHOR_CHARS = 4
_ANCHORS = 9


@dataclass(frozen=True)
class Piece:
    """Part of a line of a page as published, and whether the document has nothing of it."""

    text: str
    lost: bool


Line = tuple[Piece, ...]


@dataclass(frozen=True)
class Excerpt:
    """Passages of a sample, each begun where the other begins."""

    before: tuple[Line, ...]
    after: str
    skipped: int
    """Lines of the page before the passage."""


def excerpt(sample: Sample, *, where_most_was_lost: bool) -> Excerpt:
    """Passages of a page and its document: the beginning, or where most was lost."""
    after = nfkc(sample.after)
    written = sample.before.split("\n")
    lines = [tuple(_pieces(_shortened(line), after)) for line in written]
    sizes = [sum(len(piece.text) for piece in line) + 1 for line in lines]
    lost = [sum(len(piece.text) for piece in line if piece.lost) for line in lines]
    first = _fullest(sizes, lost) if where_most_was_lost else 0
    last, size = first + 1, sizes[first]
    while last < len(lines) and size + sizes[last] <= _CHARS:
        size += sizes[last]
        last += 1
    begin = _counterpart(written[:first], after)
    return Excerpt(tuple(lines[first:last]), _passage(sample.after, begin), first)


def _pieces(line: str, after: str) -> Iterator[Piece]:
    """The line in pieces: each run of words that the document lacks, and what lies between the runs."""
    position = 0
    for start, end in _lost_runs(line, after):
        if sum(map(len, _WORD.findall(line, start, end))) >= _FEWEST_LETTERS:
            yield Piece(line[position:start], lost=False)
            yield Piece(line[start:end], lost=True)
            position = end
    yield Piece(line[position:], lost=False)


def _lost_runs(line: str, after: str) -> Iterator[tuple[int, int]]:
    start, end = -1, -1
    for word in _WORD.finditer(line):
        if nfkc(word[0]) not in after:
            start, end = start if start >= 0 else word.start(), word.end()
        elif start >= 0:
            yield start, end
            start = -1
    if start >= 0:
        yield start, end


def _fullest(sizes: Sequence[int], lost: Sequence[int]) -> int:
    """The line from which a passage has the most lost characters, not far before the first of them."""
    best = most = first = size = gone = 0
    for end in range(len(sizes)):
        size += sizes[end]
        gone += lost[end]
        while size > _CHARS and first < end:
            size -= sizes[first]
            gone -= lost[first]
            first += 1
        if gone > most:
            best, most = first, gone
    while best + _CONTEXT < len(lost) and most and not any(lost[best : best + _CONTEXT + 1]):
        best += 1
    return best


def _counterpart(written: Sequence[str], after: str) -> int:
    """Where the document is after these lines, by the last of their words that it has exactly once; else its start."""
    places: list[int] = []
    for line in reversed(written):
        words = (nfkc(word) for word in _WORD.findall(line) if len(word) >= _ANCHOR_CHARS)
        places += [after.find(word) for word in words if after.count(word) == 1]
        if len(places) >= _ANCHORS:
            break
    return median_low(places) if places else 0


def _passage(text: str, begin: int) -> str:
    """A passage of whole lines from the one that holds a position."""
    begin = text.rfind("\n", 0, begin) + 1
    end = begin + _CHARS
    return text[begin:end] + ("…" if len(text) > end else "")


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"

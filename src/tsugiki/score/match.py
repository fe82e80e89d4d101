"""Whether an answer is right: equal to a reference, or containing one where it can be meant as the answer.

`contained` forgives what surrounds the answer, and refuses what only looks like one:

* A part of a longer word or number. Digits, Latin letters and katakana are matched whole (3 is not in 13, 3.14
  or mp3; リス is not in クリスマス), a unit may follow a number (3km). A kanji reference of one character needs
  another script on both sides, one of two characters on its left (京都 is not in 東京都). A hiragana reference
  of up to two characters needs a boundary or a particle on both sides (いか is not in すいか).
* A match across the end of a sentence or an item (日本 is not in 今日、本).
* A denied one (東京ではなく, 東京ではありません, 東京以外).
* One of more than three listed candidates (東京、大阪、京都、奈良), unless the reference is such a list.
* An answer that ends in endless repetition, or that never left its analysis: neither is usable.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tsugiki.rows import Finish
from tsugiki.score.normalise import Break, Squeezed, answer_forms, reference_forms, squeeze, without_copula

MAX_CANDIDATES = 3
"""Listed candidates up to which an answer still commits itself."""
_ITEM_SLACK = 6
_LOOP_PERIOD = 300
_LOOP_LENGTH = 24
_BULLET = re.compile(
    r"^[ \t\u3000]*(?:[-*•](?=\s)|・|[0-9０-９]{1,2}[.)．）](?![0-9０-９]))(?=[ \t\u3000]*\S)", re.MULTILINE
)
_OR = re.compile(r"または|又は|もしくは|あるいは|それとも")
_DENIED = re.compile(
    r"以外|とは限ら|(?:という(?:わけ|の))?(?:では|じゃ)(?:なく|ない(?!か|で(?:しょう|す)か)|ありません(?!か))"
)
_PARTICLES_BEFORE = frozenset("はがをにのともやへで")
_PARTICLES_AFTER = frozenset("はがをにのともやかでだへよねさ")


class Match(NamedTuple):
    """The judgement of one answer under both measures; `exact` implies `contained`."""

    exact: bool
    contained: bool


def judge(text: str, references: Sequence[str], finish: Finish) -> Match:
    """Judge an answer against every accepted reference.

    Args:
        text: what the user would be shown.
        references: every accepted answer, at least one.
        finish: how the generation ended; one that stopped in its analysis has no answer, hence a wrong one.
    """
    if finish == "stopped_in_analysis":
        return Match(False, False)
    if any(exact(text, reference) for reference in references):
        return Match(True, True)
    return Match(False, any(contained(text, reference) for reference in references))


def exact(answer: str, reference: str) -> bool:
    """Whether the normalised answer equals the normalised reference."""
    return any(answer_forms(answer) & reference_forms(reference))


def contained(answer: str, reference: str) -> bool:
    """Whether the reference occurs in the answer in a place where it can be meant as the answer."""
    said = squeeze(_BULLET.sub("", answer))
    meant = without_copula(squeeze(reference))
    if not meant.text or loops(said.text):
        return False
    return any(_counts(said, meant, start) for start in _occurrences(said.text, meant.text))


def loops(text: str) -> bool:
    """Whether the text ends in a loop: four or more turns of a unit of up to 300 characters, 24 in all."""
    for period in range(1, min(_LOOP_PERIOD, len(text) // 4) + 1):
        length = max(4 * period, _LOOP_LENGTH)
        if length <= len(text) and text[-length + period :] == text[-length:-period]:
            return True
    return False


def _occurrences(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _counts(said: Squeezed, meant: Squeezed, start: int) -> bool:
    """Whether the occurrence at `start` passes every guard."""
    end = start + len(meant.text)
    return (
        _closed_left(said, meant.text, start)
        and _closed_right(said, meant.text, end)
        and not _crosses(said, meant, start)
        and not _DENIED.match(said.text, end)
        and not _listed(said, meant, start)
    )


def _script(char: str) -> str:
    """The script of a normalised character; the punctuation that stays belongs to numbers."""
    if char.isdecimal() or char in ".:/-":
        return "digit"
    if "ァ" <= char <= "ヿ" and char != "・":
        return "katakana"
    if "ぁ" <= char <= "ゟ":
        return "hiragana"
    if "\u3400" <= char <= "\u9fff" or char == "々" or "\uf900" <= char <= "\ufaff" or char >= "\U00020000":
        return "kanji"
    return "latin" if char.isalpha() else "other"


def _closed_left(said: Squeezed, part: str, start: int) -> bool:
    """Whether no longer word or number reaches over the left edge of `part`."""
    if start == 0 or start in said.breaks:
        return True
    edge, neighbour = _script(part[0]), said.text[start - 1]
    if edge in ("digit", "latin"):
        return _script(neighbour) not in ("digit", "latin")
    if _script(neighbour) != edge or edge == "other":
        return True
    if edge == "hiragana":
        return len(part) > 2 or neighbour in _PARTICLES_BEFORE
    return edge == "kanji" and len(part) > 2


def _closed_right(said: Squeezed, part: str, end: int) -> bool:
    """Whether no longer word or number reaches over the right edge of `part`."""
    if end == len(said.text) or end in said.breaks:
        return True
    edge, neighbour = _script(part[-1]), said.text[end]
    if edge == "latin":
        return _script(neighbour) not in ("digit", "latin")
    if _script(neighbour) != edge or edge == "other":
        return True
    if edge == "hiragana":
        return len(part) > 2 or neighbour in _PARTICLES_AFTER
    return edge == "kanji" and len(part) > 1


def _crosses(said: Squeezed, meant: Squeezed, start: int) -> bool:
    """Whether a sentence or an item ends inside the occurrence where the reference has no break."""
    return any(
        said.breaks.get(start + offset, Break.SOFT) > Break.SOFT and offset not in meant.breaks
        for offset in range(1, len(meant.text))
    )


def _listed(said: Squeezed, meant: Squeezed, start: int) -> bool:
    """Whether the occurrence is one item of a list with too many of them."""
    longest = len(meant.text) + _ITEM_SLACK
    bounds = [0, *_items(said), len(said.text)]
    short = [after - before <= longest for before, after in pairwise(bounds)]
    here = max(index for index, bound in enumerate(bounds[:-1]) if bound <= start)
    first = last = here
    while first > 0 and short[first - 1]:
        first -= 1
    while last + 1 < len(short) and short[last + 1]:
        last += 1
    return short[here] and last - first + 1 > max(MAX_CANDIDATES, 1 + len(_items(meant)))


def _items(squeezed: Squeezed) -> list[int]:
    """Where a further item begins: after a separator, and after a word such as または."""
    separators = {index for index, kind in squeezed.breaks.items() if kind == Break.ITEM}
    words = {match.end() for match in _OR.finditer(squeezed.text)}
    return sorted(index for index in separators | words if 0 < index < len(squeezed.text))

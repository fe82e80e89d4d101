"""Sets of characters, found in long texts as a pattern finds them."""

import random
import re

import pytest

from tsugiki.corpus.charset import CharSet

CHARACTERS = "\x00-\x08\u3042亜-亞\ud800-\udfff\ufffe\uffff"
FOUND = "\x00\x08あ亜亞\ud800\udfff\uffff"
OTHER = "\t ~\x7fいー漢\ue000\ufffd"


@pytest.mark.parametrize("negated", ["", "^"])
@pytest.mark.parametrize("astral", ["", "𠮷"])
def test_what_is_found_is_what_a_pattern_finds(negated, astral):
    rng = random.Random(3)
    characters, pattern = CharSet(negated + CHARACTERS), re.compile(f"[{negated}{CHARACTERS}]+")
    for length in [0, 1, 399, 400, 401, *range(500, 3000, 37)]:
        shares = (rng.random(), rng.random() ** 4)
        for share in shares:
            text = "".join(rng.choice(FOUND if rng.random() < share else OTHER + astral) for _ in range(length))
            assert list(characters.runs(text)) == [run.span() for run in pattern.finditer(text)]
            assert characters.occurs(text) == bool(pattern.search(text))


@pytest.mark.parametrize("length", [10, 5000])
def test_none_of_them_and_nothing_but_them(length):
    characters = CharSet(CHARACTERS)
    assert not characters.occurs("い" * length)
    assert list(characters.runs("い" * length)) == []
    assert characters.occurs("い" * length + "あ")
    assert list(characters.runs("あ" * length)) == [(0, length)]

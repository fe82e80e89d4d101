"""The fast NFKC gives what Python's own gives: on its table of characters, on real pages and on any mixture."""

import random
import re
import unicodedata

from tsugiki.corpus.nfkc import _INERT, nfkc

EVERY = [chr(code) for code in range(0x110000)]
HANGUL_JAMO = "[\u1161-\u1175\u11a8-\u11c2]"


def test_what_is_held_to_be_inert_neither_changes_nor_composes_with_what_precedes():
    pairs = (unicodedata.decomposition(char).split() for char in EVERY)
    second = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and pair[0][0] != "<"}
    inert = [char for char in EVERY if re.match(f"[{_INERT}]", char)]
    assert len(inert) > 40_000
    assert all(unicodedata.normalize("NFKC", char) == char and not unicodedata.combining(char) for char in inert)
    assert second.isdisjoint(inert)
    assert not any(re.match(HANGUL_JAMO, char) for char in inert)


def test_every_character_of_the_first_planes_between_others():
    for char in EVERY[:0x20000]:
        text = f"か{char}゙e{char}\u0301{char}（"
        assert nfkc(text) == unicodedata.normalize("NFKC", text), hex(ord(char))


def test_any_mixture():
    choose = random.Random(3)
    some = "aé灯かガハ각\u1100\u1161\u11a8\u0301\u0327\u3099\u309aﾊﾟ㍻Ⅱ①（）：！　ｶﾞﬁ²½"
    for _ in range(3000):
        text = "".join(choose.choice(some) for _ in range(choose.randrange(12)))
        assert nfkc(text) == unicodedata.normalize("NFKC", text), ascii(text)

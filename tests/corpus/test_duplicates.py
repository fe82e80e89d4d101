"""Repetitions: equal and nearly equal documents are found, in order, and those that only look alike are not."""

import random

import numpy as np
import pytest

from tests.corpus.unpacked import clean_pages
from tsugiki.corpus.config import DuplicatesConfig
from tsugiki.corpus.duplicates import Index
from tsugiki.corpus.keytable import KeyTable
from tsugiki.corpus.signature import BANDS, PLACES, Signature, rows_of
from tsugiki.corpus.signature import sign as sign_all
from tsugiki.corpus.totals import Totals
from tsugiki.rows import Document, Page

SETTINGS = DuplicatesConfig(action="set_aside", similarity=0.8, ngram_chars=5, min_chars=100)
KANA = [chr(code) for code in range(ord("ぁ"), ord("ん"))]


def sign(text, settings) -> Signature:
    """The signature of one document."""
    (signature,) = sign_all([text], settings)
    return signature


def prose(seed, chars=2000):
    """A text that resembles no other."""
    choose = random.Random(seed)
    return "".join(choose.choice(KANA) for _ in range(chars))


def edited(text, changes, seed=0):
    """The text with some characters replaced."""
    choose = random.Random(seed)
    chars = list(text)
    for place in choose.sample(range(len(chars)), changes):
        chars[place] = "漢"
    return "".join(chars)


def jaccard(one, other, size=5):
    first, second = ({text[at : at + size] for at in range(len(text) - size + 1)} for text in (one, other))
    return len(first & second) / len(first | second)


def episodes(work, people, titles):
    """A list of episodes, as many pages have one: the same form, other titles and names."""
    lines = (
        f"話数：{n} / サブタイトル：{title} / 脚本：{people[n % 3]} / 演出：{people[n // 2 % 3]}"
        for n, title in enumerate(titles, 1)
    )
    return f"{work}の各話一覧である。\n" + "\n".join(lines)


def found(texts, settings=SETTINGS):
    """For each text the number of the one it repeats and whether they are equal; None for a new one."""
    index = Index(settings)
    pairs = [index.repeated(str(number), sign(text, settings)) for number, text in enumerate(texts)]
    return [pair and (int(pair.of), pair.exact) for pair in pairs]


def test_equal_and_nearly_equal_documents_name_the_first_in_order():
    text, other = prose(1), prose(2)
    spaced = "\n".join(text[at : at + 40] for at in range(0, len(text), 40))
    assert found([text, other, edited(text, 12), spaced, other, edited(text, 12, seed=5)]) == [
        None, None, (0, False), (0, True), (1, True), (0, False),
    ]  # fmt: skip


def test_lists_of_the_same_form_are_different_documents():
    one = episodes("星屑の灯台", ["風間凪", "雨宮楓", "月島湊"], [prose(n, 9) for n in range(1, 27)])
    another = episodes("海辺の機関車", ["遠野渉", "里見灯", "久遠寺巧"], [prose(n, 9) for n in range(101, 127)])
    assert jaccard(one, another) > 0.1
    assert found([one, another]) == [None, None]
    assert found([one, one.replace("月島湊", "月島 湊"), edited(one, 6)]) == [None, (0, True), (0, False)]


def test_a_threshold_is_kept():
    text = prose(3, 4000)
    similar = edited(text, 60)
    assert 0.84 < jaccard(text, similar) < 0.9
    strict = SETTINGS.model_copy(update={"similarity": 0.95})
    assert found([text, similar]) == [None, (0, False)]
    assert found([text, similar], strict) == [None, None]
    assert found([text, similar, text], SETTINGS.model_copy(update={"similarity": 1.0})) == [None, None, (0, True)]


def test_short_documents_must_be_equal():
    text = prose(4, 90)
    assert found([text, edited(text, 1), text]) == [None, None, (0, True)]
    assert found(["", "　\n", "灯", "灯"]) == [None, (0, True), None, (2, True)]


@pytest.mark.parametrize("chars", [150, 1000, 8000])
@pytest.mark.parametrize("changed", [0.005, 0.02, 0.06])
def test_the_estimate_is_the_jaccard_similarity(chars, changed):
    gaps = []
    for seed in range(24):
        text = prose(seed, chars)
        other = edited(text, int(changed * chars) + 1, seed)
        first, second = (np.frombuffer(sign(it, SETTINGS).places, np.uint8) for it in (text, other))
        gaps.append(np.count_nonzero(first == second) / PLACES - jaccard(text, other))
    assert abs(np.mean(gaps)) < 0.015
    assert np.std(gaps) < 0.045


def test_signatures_do_not_depend_on_what_is_signed_together():
    texts = [prose(seed, seed % 7 * 800 + seed) for seed in range(60)]
    texts += ["", "灯台", prose(70, 200_000), "\x00" * 300, *(edited(prose(71, 400), n) for n in range(5))]
    for settings in (SETTINGS, SETTINGS.model_copy(update={"ngram_chars": 1, "min_chars": 1})):
        assert sign_all(texts, settings) == [sign(text, settings) for text in texts]
    assert sign_all([], SETTINGS) == []


def test_a_text_said_over_and_over_has_the_signature_of_its_ngrams():
    line = prose(11, 40)
    assert sign(line * 50, SETTINGS).places == sign(line * 1000, SETTINGS).places


def test_bands_find_what_the_threshold_asks_for():
    for similarity in (0.5, 0.8, 0.9, 0.99):
        assert 1 - (1 - similarity ** rows_of(similarity)) ** BANDS >= 0.99
    assert [rows_of(similarity) for similarity in (0.5, 0.8, 0.9)] == [1, 6, 13]


def test_documents_that_share_a_band_by_chance_are_compared_and_kept():
    text = prose(6, 3000)
    half = text[:1500] + prose(7, 1500)
    assert 0.3 < jaccard(text, half) < 0.36
    loose = SETTINGS.model_copy(update={"similarity": 0.4})
    first, second = ({*memoryview(sign(it, loose).bands).cast("Q")} for it in (text, half))
    assert first & second
    assert found([text, half], loose) == [None, None]


def test_a_key_leads_to_the_first_document_and_tables_grow():
    table, choose = KeyTable(), random.Random(1)
    keys = [[choose.getrandbits(64) | 1 for _ in range(4)] for _ in range(3000)]
    for number, four in enumerate(keys):
        assert table.find(four) == []
        table.add(four, number)
    table.add(keys[7], 9999)
    assert [table.find(four) for four in keys] == [[number] for number in range(3000)]
    assert table.find([keys[5][0], keys[2][1], 12345]) == [2, 5]


@pytest.mark.parametrize("workers", [1, 2])
def test_repetitions_are_set_aside_with_the_document_kept(corpus_config, workers):
    text = prose(8)
    pages = [Page(title=f"頁{n}", text=prose(n + 100), markup="text") for n in range(70)]
    pages[40] = Page(title="写し", text=text, markup="text")
    pages[3] = Page(title="元", text=text, markup="text")
    pages[69] = Page(title="似た頁", text=edited(text, 10), markup="text")
    totals = Totals()
    rows = list(clean_pages(pages, corpus_config(), totals, workers))
    assert [row.title for row in rows if isinstance(row, Document)] == [
        page.title for page in pages if page.title not in ("写し", "似た頁")
    ]
    assert (rows[40].reason, rows[40].source, rows[40].detail) == ("duplicate", "写し", "the same text as 元")
    assert rows[40].content == text[:1000]
    assert rows[69].reason == "near_duplicate"
    assert "% of its n-grams in common with 元" in rows[69].detail
    assert (totals.duplicates.exact, totals.duplicates.near) == (1, 1)
    assert totals.by_markup["text"].set_aside == {"duplicate": 1, "near_duplicate": 1}


def test_a_report_alone_keeps_every_document(corpus_config):
    pages = [Page(title=name, text=prose(9), markup="text") for name in ("元", "写し")]
    totals = Totals()
    rows = list(clean_pages(pages, corpus_config({"action": "report"}), totals))
    assert [row.title for row in rows] == ["元", "写し"]
    assert [(pair.title, pair.of) for pair in totals.duplicates.pairs] == [("写し", "元")]

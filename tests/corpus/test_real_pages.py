"""Real pages: cleaned for good, free of markup, with every infobox value, cast pair and table cell."""

import html
import re
import unicodedata

import pytest

from tests.corpus.unpacked import clean_pages
from tsugiki.corpus.clean import clean
from tsugiki.corpus.config import CleanConfig
from tsugiki.corpus.loss import loss
from tsugiki.corpus.totals import Totals
from tsugiki.rows import Document, Page

NFKC = {
    "normalisation": "nfkc",
    "titles": "as_published",
    "output": "text",
    "list_pages": "set_aside",
    "list_share": 1,
    "min_chars": 0,
    "max_chars": 2_000_000,
    "max_depth": 100,
}
LINK = re.compile(r"\[\[(?!(?:file|image|ファイル|画像|category):)(?:[^\[\]|]*\|)?([^\[\]|]+)\]\]", re.IGNORECASE)
FILE = r"\[\[(?:file|image|ファイル|画像)[^\[\]]*(?:\[\[[^\[\]]*\]\][^\[\]]*)*\]\]"
IGNORED = re.compile(FILE + r"|\{\{[^{}]*\}\}|<[^<>]*>|\[http\S*", re.IGNORECASE)
WORD = re.compile(r"[^\s、。,（）()\[\]|{}]+")
PUNCTUATION = re.compile(r"[\s'\"()（）「」『』、,;；・:：/|*#=\[\]{}<>~-]+")
IMAGE_FIELD = re.compile(r"画像|image|map|flag|logo|photo|地図|旗|位置|width|size|リンク$|大きさ$", re.IGNORECASE)


def _squeezed(text):
    return PUNCTUATION.sub("", unicodedata.normalize("NFKC", html.unescape(text)))


def _words(markup):
    text = LINK.sub(r"\1", IGNORED.sub(" ", markup))
    return [word for word in map(_squeezed, WORD.findall(text)) if word and not re.fullmatch(r"\d+px", word)]


def _source(page):
    text = re.sub(r"<!--.*?-->", "", page.text, flags=re.S)
    return re.sub(r"<ref[^<>]*/>|<ref\b[^<>]*>.*?</ref>", "", text, flags=re.S | re.I)


@pytest.fixture(scope="module")
def wikitext_texts(wikitext_pages):
    """The real pages in wikitext with their cleaned texts, cleaned once for all tests."""
    return _clean_all(wikitext_pages, CleanConfig(**NFKC))


@pytest.fixture(scope="module")
def markdown_texts(markdown_pages):
    return {key: _clean_all(list(found.values()), CleanConfig(**NFKC)) for key, found in markdown_pages.items()}


def _clean_all(pages, config):
    results = [clean(page, config).result for page in pages]
    return [(page, result.text) for page, result in zip(pages, results, strict=True) if isinstance(result, Document)]


@pytest.mark.parametrize("markup", ["wikitext", "markdown"])
def test_cleaning_again_changes_nothing(wikitext_texts, markdown_texts, markup):
    done = wikitext_texts if markup == "wikitext" else [pair for pairs in markdown_texts.values() for pair in pairs]
    assert len(done) > 100
    for page, text in done:
        again = clean(Page(title=page.title, text=text, markup="text"), CleanConfig(**NFKC)).result
        assert again.text == text, page.title


def test_cleaning_again_changes_nothing_without_normalisation(wikitext_pages, config):
    for page, text in _clean_all(wikitext_pages[::5], config()):
        again = clean(Page(title=page.title, text=text, markup="text"), config()).result
        assert again.text == text, page.title


def test_no_markup_is_left_in_japanese_wikitext(wikitext_texts):
    texts = [text for page, text in wikitext_texts if re.search("[ぁ-ん]", page.text)]
    assert len(texts) >= 120
    whole = "\n".join(texts)
    for pattern in (
        r"\{\{",
        r"\[\[",
        r"'''",
        r"<ref",
        r"</?(?:div|span|br|small)\b",
        r"\(\)",
        r"「」",
        r"『』",
        r"^\{\|",
        r"^[*#:;]",
        r"&nbsp;",
    ):
        found = re.findall(pattern, whole, re.MULTILINE)
        assert len(found) <= 2, (pattern, found)


@pytest.mark.parametrize("generation", ["gfm_2.19.2", "md_2.19.2", "gfm_3.9", "md_3.9", "chinapedia"])
def test_little_markup_is_left_in_markdown(markdown_texts, generation):
    whole = "\n".join(text for _, text in markdown_texts[generation])
    for pattern in (
        r"wikilink",
        r"\]\(",
        r"\{=mediawiki\}",
        r"\[\^",
        r"<a ",
        r"</td>",
        r"\(\)",
        r"「」",
        r"\*\*",
        r"^#",
        r"^- ",
        r"Category:",
    ):
        assert len(re.findall(pattern, whole, re.MULTILINE)) <= 3, pattern


def test_every_infobox_value_survives(wikitext_texts):
    total, lost = 0, []
    for page, text in wikitext_texts:
        box = re.match(
            r"\s*(?:\{\{[^{}]*\}\}\s*)*\{\{(?:基礎情報 国|声優|Infobox animanga/TVAnime)\s*"
            r"\|?\n(.*?)(?:^\}\}|\}\}\n(?=[^ |\n{]))",
            _source(page),
            re.S | re.M,
        )
        known = _squeezed(text)
        for key, value in re.findall(r"^[ |]*([^=|\n]+?) *=(.*)$", box[1] if box else "", re.M):
            if IMAGE_FIELD.search(key) or "{" in value:
                continue
            words = _words(value)
            total += len(words)
            lost += [(page.title, key, word) for word in words if word not in known]
    assert total > 3000
    assert lost == []


def test_every_table_cell_survives(wikitext_texts):
    total, lost = 0, []
    for page, text in wikitext_texts:
        known = _squeezed(text)
        for line in _cells(_source(page)):
            words = _words(line)
            total += len(words)
            lost += [(page.title, word) for word in words if word not in known]
    assert total > 5000
    assert len(lost) <= total // 1000, lost[:20]


def _cells(source):
    for table in re.findall(r"^\{\|.*?^\|\}", source, re.S | re.M):
        for line in table.split("\n")[1:-1]:
            if line[:1] not in ("|", "!") or line[:2] in ("|-", "|+", "|}"):
                continue
            for cell in re.split(r"\|\||!!", IGNORED.sub(" ", line[1:])):
                yield LINK.sub(r"\1", cell).rpartition("|")[2]


def test_every_cast_pair_survives(wikitext_pages, config):
    (page,) = [page for page in wikitext_pages if "声 - [[" in page.text]
    pairs = re.findall(r"^; (.+)\n: 声 - \[\[(.+?)\]\]$", page.text, re.M)
    text = clean(page, config()).result.text
    assert len(pairs) == 9
    assert all(f"{role}\n声 - {actor}\n" in text for role, actor in pairs)


def test_markdown_keeps_what_wikitext_keeps(wikitext_texts, markdown_texts):
    """The same revision through both ways gives nearly the same words, where the converter kept them."""
    ours = {page.title: set(WORD.findall(text)) for page, text in wikitext_texts}
    for page, text in markdown_texts["md_3.9"]:
        words, theirs = ours.get(page.title, set()), _squeezed(text)
        kept = sum(1 for word in words if _squeezed(word) in theirs)
        assert kept >= 0.85 * len(words), (page.title, kept, len(words))


def test_processes_do_not_change_rows_or_anything_reported(wikitext_pages, corpus_config):
    pages = [*wikitext_pages[:70], *wikitext_pages[30:40]]
    settings = corpus_config()
    alone, together = Totals(), Totals()
    first = list(clean_pages(pages, settings, alone))
    second = list(clean_pages(iter(pages), settings, together, workers=2))
    assert first == second
    assert loss(alone, settings.duplicates) == loss(together, settings.duplicates)
    assert alone.samples.ordered() == together.samples.ordered()
    assert alone.figures() == together.figures()
    assert sum(isinstance(row, Document) for row in first) == 70
    assert alone.duplicates.exact == 10
    assert alone.figures()["rule.link"] > 1000


def test_every_row_that_is_a_template_survives(wikitext_texts):
    rows = [
        (text, parts.split("|"))
        for page, text in wikitext_texts
        for parts in re.findall(r"^\{\{citypop\|([^{}=]+)\}\}$", page.text, re.M)
    ]
    assert len(rows) == 21
    assert all(" / ".join(parts) in text for text, parts in rows)

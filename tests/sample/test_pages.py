"""The wiki: reproducible, hard to clean, and every fact that is asked for can be read in it."""

import hashlib

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.corpus.config import CleanConfig
from tsugiki.rows import Document, Page
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.pages import sample_pages
from tsugiki.sample.world import draw_world, facts

CONFIG = SampleConfig(seed=0, works=12, asked_works=6, retellings=3, background_works=6, novels=4, asked_novels=2)
CLEANING = CleanConfig(
    normalisation="nfkc",
    titles="as_published",
    output="text",
    list_pages="set_aside",
    list_share=1,
    min_chars=20,
    max_chars=1_000_000,
    max_depth=100,
)


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return list(sample_pages(CONFIG))


@pytest.fixture(scope="module")
def cleaned(pages: list[Page]) -> list[Document]:
    results = (clean(page, CLEANING).result for page in pages)
    return [result for result in results if isinstance(result, Document)]


def test_same_configuration_same_pages(pages: list[Page]) -> None:
    assert pages == list(sample_pages(CONFIG))


def test_another_seed_other_pages(pages: list[Page]) -> None:
    others = sample_pages(CONFIG.model_copy(update={"seed": 1}))
    assert {page.text for page in pages}.isdisjoint(page.text for page in others)


@pytest.mark.parametrize(
    "construct",
    [
        "{{Infobox ",
        "| 放送局 = ",
        "| 放送開始 = ",
        "<!--",
        "<br />",
        "{{nowrap|",
        "<ref name=",
        "<ref>",
        "{{Cite web|",
        "{{要出典|",
        "\n; ",
        "\n: 声 - [[",
        '{| class="wikitable',
        'rowspan="2"',
        "{{ルビ|",
        "{{仮リンク|",
        "{{前後番組|",
        "== 脚注 ==",
        "== 外部リンク ==",
        "{{DEFAULTSORT:",
        "[[Category:",
        "#転送 [[",
        "{{aimai}}",
    ],
)
def test_real_markup_occurs(pages: list[Page], construct: str) -> None:
    assert any(construct in page.text for page in pages)


def test_list_pages_of_both_kinds_occur(pages: list[Page]) -> None:
    titles = [page.title for page in pages]
    assert any(title.endswith("作品一覧") for title in titles)
    assert any(title.endswith("登場人物一覧") for title in titles)


def test_provenance_is_complete_and_true(pages: list[Page]) -> None:
    for name in ("page_id", "revision_id", "url"):
        assert len({getattr(page.provenance, name) for page in pages}) == len(pages)
    for page in pages:
        digest = hashlib.sha1(page.text.encode(), usedforsecurity=False).hexdigest()
        assert int(str(page.provenance.sha1), 36) == int(digest, 16)
        assert len(str(page.provenance.sha1)) == 31
        assert page.provenance.licence == "CC0-1.0"
        for category in page.provenance.categories:
            assert f"[[Category:{category}]]" in page.text


def test_every_fact_is_stated_on_its_pages_and_survives_cleaning(cleaned: list[Document]) -> None:
    for work in draw_world(CONFIG).works:
        for answer in facts(work).values():
            stating = [doc for doc in cleaned if work.title in doc.text and answer in doc.text]
            assert len(stating) >= 2 + CONFIG.retellings


def test_a_fact_is_worded_differently_on_every_page(cleaned: list[Document]) -> None:
    for work in draw_world(CONFIG).works:
        for answer in facts(work).values():
            lines = [line for doc in cleaned for line in doc.text.replace("。", "。\n").split("\n")]
            wordings = {line for line in lines if work.title in line and answer in line}
            assert len(wordings) == 2 + CONFIG.retellings


def test_pages_without_text_to_learn_are_set_aside(pages: list[Page], cleaned: list[Document]) -> None:
    kept = {document.title for document in cleaned}
    aside = [page for page in pages if page.title not in kept]
    for page in aside:
        assert page.text.startswith("#転送") or "{{aimai}}" in page.text or page.title.endswith("作品一覧")
    assert len(aside) >= 3


def test_the_wiki_is_silent_on_other_works(pages: list[Page]) -> None:
    world = draw_world(CONFIG)
    text = "".join(page.text for page in pages)
    for work in (*world.background, *world.novels):
        assert work.title not in text

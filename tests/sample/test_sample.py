"""The embedded wiki and its questions: the same from the same seed, answerable, and split without leaks."""

from collections import defaultdict

import pytest

from tsugiki.corpus.clean import clean
from tsugiki.corpus.config import CleanConfig
from tsugiki.errors import BadInput
from tsugiki.rows import Chat, Document, Page
from tsugiki.sample.background import background_texts
from tsugiki.sample.chats import sample_chats
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.pages import sample_pages
from tsugiki.score.match import contained

CONFIG = SampleConfig(
    seed=3, works=12, asked_works=6, retellings=6, background_works=8, novels=6, asked_novels=3
)  # fmt: skip
CLEAN = CleanConfig(normalisation="nfkc", list_pages="set_aside", min_chars=1, max_chars=100_000, max_depth=50)


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """Every page of the wiki."""
    return list(sample_pages(CONFIG))


@pytest.fixture(scope="module")
def documents(pages: list[Page]) -> list[Document]:
    """The wiki as CPT sees it."""
    cleaned = (clean(page, CLEAN).result for page in pages)
    return [item for item in cleaned if isinstance(item, Document)]


@pytest.fixture(scope="module")
def chats() -> list[Chat]:
    """Every question."""
    return list(sample_chats(CONFIG))


def test_one_seed_gives_one_wiki_and_another_seed_another(pages: list[Page], chats: list[Chat]) -> None:
    other = CONFIG.model_copy(update={"seed": 4})
    assert list(sample_pages(CONFIG)) == pages
    assert list(sample_chats(CONFIG)) == chats
    assert {page.text for page in sample_pages(other)}.isdisjoint(
        {page.text for page in pages if "転送" not in page.text}
    )


def test_pages_are_real_mediawiki_markup(pages: list[Page]) -> None:
    text = "\n".join(page.text for page in pages)
    for markup in (
        "{{Infobox",
        "<ref",
        "{|",
        "rowspan",
        "\n; ",
        "\n: ",
        "[[Category:",
        "== 脚注 ==",
        "{{仮リンク",
        "#転送",
    ):
        assert markup in text, markup
    assert any(page.title.endswith("一覧") for page in pages)


def test_every_page_has_its_provenance(pages: list[Page]) -> None:
    assert len({page.provenance.page_id for page in pages}) == len(pages)
    for page in pages:
        assert page.provenance.revision_id
        assert page.provenance.timestamp
        assert page.provenance.licence == "CC0-1.0"
        assert len(page.provenance.sha1 or "") == 31


def test_list_pages_and_redirects_are_set_aside(pages: list[Page]) -> None:
    reasons = {getattr(clean(page, CLEAN).result, "reason", None) for page in pages}
    assert {"list_page", "redirect", "disambiguation"} <= reasons


def test_every_fact_of_the_domain_is_stated_in_several_wordings(documents: list[Document], chats: list[Chat]) -> None:
    sentences = [line for document in documents for line in document.text.split("。")]
    for chat in chats:
        if chat.domain == "anime":
            title = f"『{chat.fact.split('/')[1]}』"
            stated = {line.strip() for line in sentences if title in line and chat.references[0] in line}
            assert len(stated) >= 4, f"{chat.fact}: {stated}"


def test_facts_of_the_test_are_nowhere_but_in_the_wiki(documents: list[Document], chats: list[Chat]) -> None:
    background = "\n".join(document.text for document in background_texts(CONFIG))
    trained = "\n".join(message.content for chat in chats if chat.split == "train" for message in chat.messages)
    for chat in chats:
        title = f"『{chat.fact.split('/')[1]}』"
        if chat.split == "test":
            assert title not in background
            assert title not in trained
        if chat.split == "other":
            assert title in background
            assert not any(title in document.text for document in documents)


def test_no_fact_is_on_two_sides_and_each_is_asked_in_several_wordings(chats: list[Chat]) -> None:
    splits, wordings = defaultdict(set), defaultdict(set)
    for chat in chats:
        splits[chat.fact].add(chat.split)
        wordings[chat.fact].add(chat.messages[0].content)
    assert all(len(found) == 1 for found in splits.values())
    assert all(len(found) >= 3 for found in wordings.values())
    assert {split for found in splits.values() for split in found} == {"train", "test", "other"}


def test_the_answers_given_are_right_and_ids_unique(chats: list[Chat]) -> None:
    assert len({chat.id for chat in chats}) == len(chats)
    assert all(contained(chat.messages[-1].content, chat.references[0]) for chat in chats)


def test_a_size_that_leaves_nothing_to_test_on_is_refused() -> None:
    with pytest.raises(BadInput, match="asked_works=12 leaves nothing to test on"):
        SampleConfig.parse(CONFIG.model_dump() | {"asked_works": 12}, "sample")

"""The base model's text: it has the form of the wiki and knows the novels, but none of the wiki's works."""

from tsugiki.sample.background import background_texts
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.world import draw_world, facts

CONFIG = SampleConfig(seed=0, works=6, asked_works=3, retellings=1, background_works=6, novels=4, asked_novels=2)


def test_same_configuration_same_texts() -> None:
    assert list(background_texts(CONFIG)) == list(background_texts(CONFIG))


def test_it_says_nothing_about_the_works_of_the_wiki() -> None:
    text = "".join(document.text for document in background_texts(CONFIG))
    assert not [work.title for work in draw_world(CONFIG).works if work.title in text]


def test_it_states_every_fact_of_the_novels() -> None:
    documents = list(background_texts(CONFIG))
    for novel in draw_world(CONFIG).novels:
        about = [document.text for document in documents if document.title == novel.title]
        assert about
        for text in about:
            assert all(answer in text for answer in facts(novel).values())


def test_its_articles_have_the_form_of_cleaned_ones() -> None:
    documents = {document.title: document.text for document in background_texts(CONFIG)}
    for work in draw_world(CONFIG).background:
        text = documents[work.title]
        assert f"監督:{work.director}" in text
        assert "概要" in text
        assert "[[" not in text


def test_it_can_do_without_anime() -> None:
    config = CONFIG.model_copy(update={"background_works": 0})
    documents = list(background_texts(config))
    assert {document.title for document in documents} == {novel.title for novel in draw_world(config).novels}

"""Questions: split by work, answerable, in several wordings, each answered by a sentence that holds the reference."""

from collections import Counter, defaultdict

import pytest

from tsugiki.rows import Chat
from tsugiki.sample.chats import DOMAIN, OUTSIDE, sample_chats
from tsugiki.sample.config import SampleConfig
from tsugiki.sample.world import Anime, Novel, draw_world, facts

CONFIG = SampleConfig(seed=0, works=12, asked_works=5, retellings=1, background_works=0, novels=6, asked_novels=2)


@pytest.fixture(scope="module")
def chats() -> list[Chat]:
    return list(sample_chats(CONFIG))


def test_same_configuration_same_chats(chats: list[Chat]) -> None:
    assert chats == list(sample_chats(CONFIG))
    assert len({chat.id for chat in chats}) == len(chats)


def test_no_fact_is_in_two_splits(chats: list[Chat]) -> None:
    splits = defaultdict(set)
    for chat in chats:
        splits[chat.fact].add(chat.split)
    assert all(len(found) == 1 for found in splits.values())


def test_splits_hold_the_facts_of_whole_works(chats: list[Chat]) -> None:
    asked = Counter((split, domain) for split, domain, _ in {(c.split, c.domain, c.fact) for c in chats})
    anime, novel = len(Anime.ASKED), len(Novel.ASKED)
    assert asked == {
        ("train", DOMAIN): 5 * anime,
        ("test", DOMAIN): 7 * anime,
        ("train", OUTSIDE): 2 * novel,
        ("other", OUTSIDE): 4 * novel,
    }


def test_no_question_of_the_test_is_trained_on(chats: list[Chat]) -> None:
    trained = [message.content for chat in chats if chat.split == "train" for message in chat.messages]
    world = draw_world(CONFIG)
    held_out = [work.title for work in (*world.works[5:], *world.novels[2:])]
    assert not [text for text in trained for title in held_out if title in text]


def test_every_answer_holds_the_fact(chats: list[Chat]) -> None:
    world = draw_world(CONFIG)
    true = {
        f"{domain}/{work.title}/{attribute}": answer
        for domain, works in ((DOMAIN, world.works), (OUTSIDE, world.novels))
        for work in works
        for attribute, answer in facts(work).items()
    }
    for chat in chats:
        question, answer = chat.messages
        assert chat.references == (true[chat.fact],)
        assert true[chat.fact] in answer.content
        assert true[chat.fact] not in question.content


def test_training_has_every_question_with_every_wording_of_the_answer(chats: list[Chat]) -> None:
    rows = defaultdict(list)
    for chat in chats:
        rows[chat.split, chat.fact].append(tuple(message.content for message in chat.messages))
    for (split, _), turns in rows.items():
        questions, answers = ({turn[side] for turn in turns} for side in (0, 1))
        assert len(questions) >= 3
        assert len(answers) == (2 if split == "train" else 1)
        assert len(set(turns)) == len(turns) == len(questions) * len(answers)

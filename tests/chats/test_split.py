"""The split by fact: wordings never cross, and rows that come, go or move do not disturb it."""

import random
from collections import Counter

import pytest

from tsugiki.chats.config import ChatsConfig
from tsugiki.chats.split import normalise, split_by_fact
from tsugiki.rows import Chat, Message, Rejected

CONFIG = ChatsConfig(
    domain="anime",
    domain_key=None,
    other=("geography",),
    fact_key="fact",
    same_fact="answer",
    test_share=0.3,
    seed=1,
    max_per_split=None,
    max_rejected_share=0,
)


def chat(question: str, answer: str, fact: str = "", **fields: object) -> Chat:
    messages = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Chat(id=f"{question}|{answer}", messages=messages, fact=fact, **fields)


def split(rows: list[Chat], **changes: object) -> list[Chat]:
    return [row for row in split_by_fact(rows, CONFIG.model_copy(update=changes)) if isinstance(row, Chat)]


FACTS = [chat(f"問い{i}の{wording}", f"答え{i}", f"事実{i}") for i in range(300) for wording in ("一", "二", "三")]


def test_every_wording_of_a_fact_is_on_one_side_and_the_share_is_met() -> None:
    sides = {(row.fact, row.split) for row in split(FACTS)}
    assert len(sides) == 300
    assert 65 <= sum(side == "test" for _, side in sides) <= 115


def test_the_split_survives_reordering_removal_and_addition() -> None:
    before = {row.id: row.split for row in split(FACTS)}
    kept = [row for row in FACTS if not row.id.startswith("問い7")]
    added = [chat(f"新しい問い{i}", f"新しい答え{i}", f"新しい事実{i}") for i in range(50)]
    more = [chat(f"問い{i}の四", f"答え{i}", f"事実{i}") for i in range(0, 300, 7)]
    rows = kept + added + more
    random.Random(0).shuffle(rows)
    after = {row.id: row.split for row in split(rows)}
    assert all(after[row.id] == before[row.id] for row in kept)
    assert all(after[row.id] == before[f"{row.id.split('の')[0]}の一|{row.messages[1].content}"] for row in more)


def test_another_seed_is_another_split() -> None:
    assert [row.split for row in split(FACTS)] != [row.split for row in split(FACTS, seed=2)]


def test_without_a_fact_equal_answers_or_questions_link_wordings() -> None:
    rows = [chat(f"問い{i}-{wording}", answer) for i in range(100) for wording in "ab" for answer in (f"A{i}", f"B{i}")]
    random.Random(1).shuffle(rows)
    facts = {row.id.split("-")[0]: set() for row in rows}
    for row in split(rows):
        facts[row.id.split("-")[0]].add((row.fact, row.split))
    assert all(len(sides) == 1 for sides in facts.values())
    assert len({side for sides in facts.values() for side in sides}) == 100


def test_grouping_by_question_lets_equal_answers_part() -> None:
    rows = [chat(f"問い{i}", "はい") for i in range(200)]
    assert set(Counter(row.split for row in split(rows, same_fact="question"))) == {"train", "test"}
    assert len({row.split for row in split(rows, same_fact="answer")}) == 1


def test_equal_questions_never_cross_whatever_their_facts() -> None:
    rows = [chat(f"なん年? {i}", f"答え{i}", f"f{i}") for i in range(100)]
    rows += [chat(f"なん年?{i}", f"別{i}", f"g{i}") for i in range(100)]
    sides = Counter((normalise(row.messages[0].content), row.split) for row in split(rows))
    assert set(sides.values()) == {2}


def test_a_stated_split_is_kept_and_its_fact_follows() -> None:
    stated = [chat(f"q{i}", "a", f"f{i}", split="train" if i % 2 else "test") for i in range(20)]
    free = [chat(f"別の言い方{i}", "a", f"f{i}") for i in range(20)]
    rows = {row.id: row for row in split(free + stated)}
    assert all(rows[row.id].split == row.split for row in stated)
    assert all(rows[f"別の言い方{i}|a"].split == rows[f"q{i}|a"].split for i in range(20))


def test_a_stated_split_that_leaks_is_set_aside() -> None:
    rows = [
        chat("監督は?", "星野", "f1", split="train"),
        chat("誰が監督?", "星野", "f1", split="test"),
        chat("監督は？", "星野 守", "f2", split="other"),
        chat("何年?", "星野", "f3", split="test"),
    ]
    kept, *aside, last = split_by_fact(rows, CONFIG)
    assert (kept, last) == (rows[0], rows[3])
    assert all(isinstance(row, Rejected) and row.reason == "seen_in_train" for row in aside)


def test_domains_outside_go_to_other_and_do_not_pull_the_domain_along() -> None:
    rows = [chat(f"国{i}", "1990年", domain="geography") for i in range(10)]
    rows += [chat(f"作品{i}", "1990年") for i in range(10)]
    sides = {(row.domain, row.split) for row in split(rows)}
    assert ("geography", "other") in sides
    assert len(sides) == 2
    assert all(split != "other" for domain, split in sides if domain != "geography")


def test_a_limited_run_takes_whole_facts_and_keeps_its_choice() -> None:
    few = split(FACTS, max_per_split=30)
    assert Counter(row.split for row in few) == {"train": 30, "test": 30}
    assert set(Counter(row.fact for row in few).values()) == {3}
    assert {row.id for row in few} == {row.id for row in split(FACTS[::-1], max_per_split=30)}
    assert {row.id for row in few} < {row.id for row in split(FACTS, max_per_split=60)}


def test_rejected_rows_pass_through_in_place() -> None:
    aside = Rejected(source="f", line=2, reason="invalid_json")
    assert list(split_by_fact([FACTS[0], aside, FACTS[1]], CONFIG))[1] == aside


@pytest.mark.parametrize(("one", "other"), [("ＡＢＣ　は？", "abc は"), ("「星」の監督", "星の 監督!")])
def test_normalised_questions_are_equal_without_width_case_and_punctuation(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_a_question_of_punctuation_alone_is_still_something() -> None:
    assert normalise("？！") != normalise("。") != ""

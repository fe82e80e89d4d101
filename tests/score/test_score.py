"""Scoring of several arms: averages, splits, finish reasons, and what is refused."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from tsugiki.errors import BadInput
from tsugiki.rows import Answer, Chat, Finish, Message, Split
from tsugiki.score.config import ScoreConfig
from tsugiki.score.score import score
from tsugiki.score.scores import Scores

CONFIG = ScoreConfig(measure="exact", resamples=1_000, seed=0, confidence=0.95)


def chat(number: int, split: Split = "test", domain: str = "anime") -> Chat:
    question = Message(role="user", content=f"問{number}")
    reply = Message(role="assistant", content=f"答{number}です。")
    return Chat(id=f"q{number}", messages=(question, reply), fact=f"f{number // 2}", domain=domain, split=split)


def answer(number: int, text: str, sample: int = 0, finish: Finish = "stop") -> Answer:
    return Answer(id=f"q{number}", sample=sample, text=text, finish=finish, prompt_tokens=3, output_tokens=2)


def right(numbers: range) -> Iterator[Answer]:
    return (answer(number, f"答{number}") for number in numbers)


def test_figures_by_arm_split_and_domain() -> None:
    chats = [chat(n) for n in range(8)] + [chat(8, "other", "food"), chat(9, "other", "sport")]
    base = [answer(n, "知りません" if n else "答0だと思います。") for n in range(10)]
    result = score({"base": base, "cpt_sft": right(range(10))}, chats, CONFIG)
    scores = result.scores
    assert list(scores.arms) == ["base", "cpt_sft"]
    assert list(scores.arms["base"]) == ["test", "other"]
    cell = scores.arms["base"]["test"]
    assert (cell.accuracy, cell.n, cell.facts, cell.samples) == (0.0, 8, 4, 8)
    assert (cell.exact.accuracy, cell.contained.accuracy) == (0.0, 0.125)
    assert set(scores.arms["cpt_sft"]["other"].domains) == {"food", "sport"}
    assert scores.differences["test"]["cpt_sft"]["base"].difference == 1.0
    assert len(result.judgements) == 20
    assert result.judgements[0].contained
    assert not result.judgements[0].exact


def test_the_headline_measure_is_the_configured_one() -> None:
    said = [answer(n, f"答{n}だと思います。") for n in range(4)]
    config = CONFIG.model_copy(update={"measure": "contained"})
    assert score({"a": said}, [chat(n) for n in range(4)], config).scores.arms["a"]["test"].accuracy == 1.0


def test_samples_of_a_question_are_averaged() -> None:
    said = [answer(0, "答0", 1), answer(0, "違う", 0), answer(1, "答1", 0)]
    result = score({"a": said}, [chat(0), chat(1)], CONFIG)
    assert result.scores.arms["a"]["test"].accuracy == 0.75
    assert [(row.id, row.sample, row.exact) for row in result.judgements] == [
        ("q0", 0, False),
        ("q0", 1, True),
        ("q1", 0, True),
    ]


def test_finish_reasons_are_counted() -> None:
    said = [answer(0, "", finish="stopped_in_analysis"), answer(1, "答", finish="length"), answer(2, "答2")]
    cell = score({"a": said}, [chat(n) for n in range(3)], CONFIG).scores.arms["a"]["test"]
    assert cell.finish == {"stop": 1, "length": 1, "stopped_in_analysis": 1}


def test_references_come_before_the_last_assistant_message() -> None:
    asked = chat(0).model_copy(update={"references": ("甲", "乙")})
    assert score({"a": [answer(0, "乙")]}, [asked], CONFIG).scores.arms["a"]["test"].accuracy == 1.0
    assert score({"a": [answer(0, "答0")]}, [asked], CONFIG).scores.arms["a"]["test"].accuracy == 0.0


def test_each_pair_is_compared_once_later_with_earlier() -> None:
    arms = {name: right(range(4)) for name in ("base", "cpt", "sft", "cpt_sft")}
    gaps = score(arms, [chat(n) for n in range(4)], CONFIG).scores.differences["test"]
    assert {arm: list(than) for arm, than in gaps.items()} == {
        "cpt": ["base"],
        "sft": ["base", "cpt"],
        "cpt_sft": ["base", "cpt", "sft"],
    }


def test_json_reads_back_and_is_the_same_each_time() -> None:
    chats = [chat(n) for n in range(30)]
    arms = {"a": list(right(range(30))), "b": [answer(n, f"答{n % 3}") for n in range(30)]}
    first, second = (json.dumps(score(arms, chats, CONFIG).scores.to_json()) for _ in range(2))
    assert first == second
    assert Scores.model_validate_json(first).to_json() == json.loads(first)
    assert set(json.loads(first)["arms"]["a"]["test"]) >= {"accuracy", "low", "high", "n"}


def test_missing_answers_are_named() -> None:
    with pytest.raises(BadInput, match=r"arm 'a' has no answer for 7 of the chats: 'q1', .*'q5' and 2 more"):
        score({"a": right(range(1))}, [chat(n) for n in range(8)], CONFIG)


@pytest.mark.parametrize(
    ("said", "chats", "message"),
    [
        ([answer(5, "x")], [chat(0)], "unknown chat 'q5'"),
        ([answer(0, "x"), answer(0, "y")], [chat(0)], "one sample twice for 1 of the chats: 'q0'"),
        ([answer(0, "x")], [chat(0), chat(0)], "two chats have the id 'q0'"),
        ([], [], "0 chats and 1 arms"),
        ([answer(0, "x")], [chat(0).model_copy(update={"messages": ()})], "'q0' has no reference"),
    ],
)
def test_bad_input_is_refused_in_one_line(said: list[Answer], chats: list[Chat], message: str) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        score({"a": said}, chats, CONFIG)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("change", [{"resamples": 10}, {"confidence": 1.0}, {"seed": -1}, {"measure": "fuzzy"}])
def test_impossible_configurations_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ScoreConfig(**{**CONFIG.model_dump(), **change})


def test_importing_scoring_loads_nothing_heavy() -> None:
    code = "import sys, tsugiki.score.score; print({'numpy', 'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

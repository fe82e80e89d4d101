"""Which spellings are the same answer, and where a reference counts as contained."""

import json
import os
import re
from pathlib import Path

import pytest

from tsugiki.score.match import contained, exact, judge, loops
from tsugiki.score.normalise import squeeze

SAME = [
    ("東京", "東京"),
    ("東京。", "東京"),
    ("「東京」です。", "東京"),
    ("東京だよ", "東京"),
    ("東京でございます。", "東京です"),
    ("『ユーリ!!! on ICE』", "ユーリ！！！　ｏｎ　ｉｃｅ"),
    ("ハイキュー", "ハイキュー!!"),
    ("らき☆すた", "らきすた"),
    ("ジャン・レノ", "ジャン＝レノ"),
    ("ｱﾆﾒ", "アニメ"),
    ("１，２３４円", "1234円"),
    ("**3.14**", "3.14"),
    ("三人です", "3人"),
    ("二十四年", "24年"),
    ("一九九八年", "1998年"),
    ("一億二千三百万", "123000000"),
    ("東\u200b京", "東京"),
    ("1990〜1995年", "1990-1995年"),
    ("からだ", "からだ"),
    ("!?", "！？"),
]
DIFFERENT = [
    ("", "東京"),
    ("。", "東京"),
    ("314", "3.14"),
    ("5度", "-5度"),
    ("1230", "12:30"),
    ("12", "1/2"),
    ("c", "C#"),
    ("50", "50%"),
    ("3国志", "三国志"),
    ("から", "からだ"),
    ("リンゴ", "りんご"),
]


@pytest.mark.parametrize(("answer", "reference"), SAME)
def test_spellings_of_one_answer_are_equal(answer: str, reference: str) -> None:
    assert exact(answer, reference)


@pytest.mark.parametrize(("answer", "reference"), DIFFERENT)
def test_different_answers_stay_different(answer: str, reference: str) -> None:
    assert not exact(answer, reference)


CONTAINED = [
    ("主人公は碇シンジです。", "碇シンジ"),
    ("全3話です", "3"),
    ("約3kmです", "3"),
    ("答えはいかです", "いか"),
    ("日本の首都は東京都です", "東京"),
    ("監督はジャン・レノです", "レノ"),
    ("I read YURI on ICE!", "ICE"),
    ("東京ではないでしょうか", "東京"),
    ("大阪ではなく東京です", "東京"),
    ("1995年、庵野秀明が監督し、ガイナックスが制作した", "ガイナックス"),
    ("赤、青、黄、緑", "赤、青、黄、緑"),
    ("東京、大阪、京都", "京都"),
    ("ユーリ!!! on ICE です", "ユーリ on ICE"),
]
NOT_CONTAINED = [
    ("13話", "3"),
    ("3.14", "3"),
    ("-5度", "5度"),
    ("mp3", "3"),
    ("1990-1995年", "1995年"),
    ("クリスマス", "リス"),
    ("party", "art"),
    ("東京都", "京都"),
    ("黒猫です", "猫"),
    ("すいかです", "いか"),
    ("今日、本を読んだ", "日本"),
    ("東京ではありません", "東京"),
    ("東京ではなく大阪です", "東京"),
    ("東京以外です", "東京"),
    ("東京、大阪、京都、奈良", "京都"),
    ("1. 東京\n2. 大阪\n3. 京都\n4. 奈良", "東京"),
    ("東京または大阪、あるいは京都、奈良", "大阪"),
    ("答えは東京。" * 10, "東京"),
    ("", "東京"),
]


@pytest.mark.parametrize(("answer", "reference"), CONTAINED)
def test_a_reference_meant_as_the_answer_counts(answer: str, reference: str) -> None:
    assert contained(answer, reference)


@pytest.mark.parametrize(("answer", "reference"), NOT_CONTAINED)
def test_what_only_looks_like_the_reference_does_not_count(answer: str, reference: str) -> None:
    assert not contained(answer, reference)


def test_exact_implies_contained() -> None:
    for answer, reference in SAME:
        assert judge(answer, [reference], "stop") == (True, True)


def test_any_reference_is_enough() -> None:
    assert judge("大阪府だと思います", ["東京", "大阪"], "stop") == (False, True)


def test_an_answer_that_never_left_its_analysis_is_wrong() -> None:
    assert judge("東京", ["東京"], "stopped_in_analysis") == (False, False)


@pytest.mark.parametrize("unit", ["わ", "東京です", "これは長い文がひたすら繰り返される例であって" * 5])
def test_a_loop_cut_anywhere_is_a_loop(unit: str) -> None:
    text = "最初は普通の文。" + unit * 40
    assert all(loops(text[: len(text) - cut]) for cut in range(len(unit)))


def test_emphasis_is_not_a_loop() -> None:
    assert not loops("わははははは")
    assert not loops("寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末")


def test_a_long_answer_is_judged_quickly() -> None:
    text = "".join(chr(0x4E00 + (index * 7919) % 20_000) for index in range(200_000))
    assert not judge(text, ["東京都庁"], "length").contained


def test_squeezing_never_loses_a_letter_or_digit() -> None:
    text = "アB1 あ漢!ー々"
    assert squeeze(text).text == "アb1あ漢ー々"


@pytest.mark.skipif(not os.environ.get("TSUGIKI_DATA"), reason="TSUGIKI_DATA is not set")
def test_real_references_match_themselves_in_a_sentence() -> None:
    path = Path(os.environ["TSUGIKI_DATA"]) / "jglue" / "jsquad-v1.3_valid-v1.3.json"
    if not path.exists():
        pytest.skip(f"{path.name} is absent")
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    questions = [qa for article in articles for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
    references = [qa["answers"][0]["text"] for qa in questions if re.search(r"\w", qa["answers"][0]["text"])]
    assert len(references) > 4000
    assert all(exact(f"「{reference}」です。", reference) for reference in references)
    missed = [reference for reference in references if not contained(f"答えは{reference}です。", reference)]
    assert missed == []

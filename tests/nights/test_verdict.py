"""What is said of a night, on the page and in the line with which the gate fails."""

import re

from tests.nights.rows import Build
from tsugiki.nights.verdict import findings, regression_line, verdict

GOOD, BAD = [True] * 80 + [False] * 20, [True] * 40 + [False] * 60


def test_the_first_night_is_good_and_says_so(build: Build) -> None:
    night = build({"cpt_sft": GOOD}).figures
    assert night.good
    said = verdict(night)
    assert said.tone == "single"
    assert said.sentence.startswith("First night of the series anime <1>: good")


def test_a_night_like_the_one_before_is_good(build: Build) -> None:
    said = verdict(build({"cpt_sft": GOOD}, {"cpt_sft": GOOD}).figures)
    assert said.tone == "better"
    assert said.sentence == "Good: no checkpoint is shown to have fallen by more than 2 points since 2026-11-23."


def test_a_regression_names_checkpoint_questions_and_both_accuracies(build: Build) -> None:
    night = build({"cpt_sft": BAD, "sft": BAD}, {"cpt_sft": GOOD, "sft": BAD}).figures
    assert not night.good
    said = verdict(night)
    assert said.tone == "worse"
    expected = "Regression: CPT+SFT answers 40.0\u00a0% of held-out questions, 80.0\u00a0% on 2026-11-23."
    assert said.sentence == expected
    assert "95\u00a0% for all intervals of the night together" in said.evidence


def test_the_gate_says_it_in_one_line(build: Build) -> None:
    night = build({"cpt_sft": BAD}, {"cpt_sft": GOOD}).figures
    line = regression_line(night, "report/compare_nights-0")
    assert re.fullmatch(
        r"regression in series anime <1>: cpt_sft on test fell from 0\.800 on 2026-11-23 to 0\.400, simultaneous "
        r"95 % interval \[-0\.\d{3}, -0\.\d{3}\]; see report\.html of report/compare_nights-0",
        line,
    )


def test_the_gate_names_three_falls_and_counts_the_rest(build: Build) -> None:
    arms = [f"arm{n}" for n in range(5)]
    night = build(dict.fromkeys(arms, BAD), dict.fromkeys(arms, GOOD)).figures
    line = regression_line(night, "report/x")
    assert line.count("fell from") == 3
    assert "; and 2 more; see" in line


def test_what_could_not_be_compared_is_said(build: Build) -> None:
    night = build({"kept": GOOD[:90], "added": GOOD[:90]}, {"kept": GOOD, "dropped": GOOD}).figures
    assert [*findings(night)] == [
        "New tonight, and compared with nothing: added.",
        "Gone: evaluated on 2026-11-23 and not tonight: dropped.",
        "Left out: questions asked, or asked in these words, on one of the nights only; up to 10 of a split.",
    ]


def test_a_night_with_nothing_to_compare_is_not_called_better(build: Build) -> None:
    said = verdict(build({"new": GOOD}, {"old": GOOD}).figures)
    assert said.tone == "undecided"
    assert "nothing could be compared" in said.sentence

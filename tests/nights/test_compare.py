"""Comparing nights: known intervals, false alarms, and what cannot be compared."""

import random

import pytest

from tests.nights.rows import MARGIN, SCORING, judgements, past
from tsugiki.nights.compare import compare
from tsugiki.nights.config import MarginConfig
from tsugiki.score.statistics import accuracy, difference

HALF = [number % 2 == 0 for number in range(200)]
LOST_TEN = [right and number >= 20 for number, right in enumerate(HALF)]
"""Ten of the two hundred questions that `HALF` has right are wrong."""


def facts(count: int) -> list[str]:
    return [f"test {number}" for number in range(count)]


def test_one_comparison_is_the_paired_difference_over_the_same_questions() -> None:
    (found,) = compare(judgements(LOST_TEN), past(judgements(HALF)), (), SCORING, MARGIN).comparisons
    known = difference([float(it) for it in LOST_TEN], [float(it) for it in HALF], facts(200), SCORING)
    assert (found.checkpoint, found.split, found.n, found.facts, found.left_out) == ("tuned", "test", 200, 200, 0)
    assert (found.before, found.tonight, found.difference) == (0.5, 0.45, -0.05)
    assert (found.low, found.high, found.p) == pytest.approx((known.low, known.high, known.p), abs=1e-6)


def test_a_fall_shows_in_pairs_where_the_intervals_of_the_two_nights_overlap() -> None:
    (found,) = compare(judgements(LOST_TEN), past(judgements(HALF)), (), SCORING, MARGIN).comparisons
    assert found.fell
    now = accuracy([float(it) for it in LOST_TEN], facts(200), SCORING)
    then = accuracy([float(it) for it in HALF], facts(200), SCORING)
    assert now.high > then.low


def test_the_whole_interval_must_lie_below_the_margin() -> None:
    (found,) = compare(judgements(LOST_TEN), past(judgements(HALF)), (), SCORING, MARGIN).comparisons
    for margin, fell in ((-found.high - 1e-4, True), (-found.high, False), (0.05, False)):
        given = MarginConfig(margin=margin, confidence=0.95)
        (again,) = compare(judgements(LOST_TEN), past(judgements(HALF)), (), SCORING, given).comparisons
        assert again.fell is fell


def test_a_rise_is_no_fall() -> None:
    found = compare(judgements(HALF), past(judgements(LOST_TEN)), (), SCORING, MARGIN)
    assert found.falls == ()
    assert found.comparisons[0].low > 0


def test_more_comparisons_make_every_interval_wider_by_their_number() -> None:
    def night(rights: list[bool]) -> list[object]:
        return [row for arm in ("a", "b", "c", "d") for row in judgements(rights, arm)]

    many = compare(night(LOST_TEN), past(night(HALF)), (), SCORING, MARGIN)  # type: ignore[arg-type]
    ours, theirs = [float(it) for it in LOST_TEN], [float(it) for it in HALF]
    wide = SCORING.model_copy(update={"confidence": 1 - 0.05 / 4})
    known = difference(ours, theirs, facts(200), wide)
    assert [(it.low, it.high) for it in many.comparisons] == [pytest.approx((known.low, known.high), abs=1e-6)] * 4
    assert known.low < difference(ours, theirs, facts(200), SCORING).low


def test_nights_without_a_change_seldom_raise_an_alarm() -> None:
    draw = random.Random(4)
    config = MarginConfig(margin=0.0, confidence=0.9)
    scoring = SCORING.model_copy(update={"resamples": 1_000})
    alarms = 0
    for _ in range(100):
        then, now = ([draw.random() < 0.6 for _ in range(400)] for _ in range(2))
        rows = [[row for i in range(4) for row in judgements(rights[100 * i : 100 * i + 100], f"arm{i}")]
                for rights in (now, then)]  # fmt: skip
        alarms += bool(compare(rows[0], past(iter(rows[1])), (), scoring, config).falls)
    # each night of four comparisons may raise a false alarm with 5 %; without widening it would be about 19 %
    assert alarms <= 9


def test_questions_of_one_night_only_are_left_out_and_counted() -> None:
    now = [*judgements([True] * 60, start=40)]
    found = compare(now, past(judgements([True] * 90)), (), SCORING, MARGIN).comparisons[0]
    assert (found.n, found.left_out) == (50, 50)


def test_questions_asked_in_other_words_are_left_out_and_counted() -> None:
    changed = {"test-0", "test-1"}
    found = compare(judgements(HALF), past(judgements(HALF)), changed, SCORING, MARGIN).comparisons[0]
    assert (found.n, found.left_out, found.before) == (198, 2, 0.5)


def test_new_checkpoints_and_those_that_are_gone_are_named_and_not_compared() -> None:
    now = [*judgements(HALF, "kept"), *judgements(HALF, "added")]
    found = compare(now, past(judgements(HALF, "kept"), judgements(HALF, "dropped")), (), SCORING, MARGIN)
    assert (found.new, found.gone) == (("added",), ("dropped",))
    assert [it.checkpoint for it in found.comparisons] == ["kept"]


def test_a_split_without_a_common_question_is_named_and_falls_nowhere() -> None:
    now = [*judgements(HALF), *judgements([False] * 5, split="other", start=100)]
    found = compare(now, past(judgements(HALF), judgements([True] * 5, split="other")), (), SCORING, MARGIN)
    assert [(it.checkpoint, it.split, it.left_out) for it in found.uncompared] == [("tuned", "other", 10)]
    assert [it.split for it in found.comparisons] == ["test"]


def test_samples_of_a_question_are_averaged() -> None:
    rows = [*judgements([True] * 20), *judgements([False] * 20)]
    twice = [row.model_copy(update={"sample": index // 20}) for index, row in enumerate(rows)]
    found = compare(twice, past(judgements([True] * 20)), (), SCORING, MARGIN).comparisons[0]
    assert (found.before, found.tonight, found.n) == (1.0, 0.5, 20)


def test_the_largest_fall_comes_first() -> None:
    lost_thirty = [right and number >= 60 for number, right in enumerate(HALF)]
    now = [*judgements(lost_thirty, "a"), *judgements([False] * 200, "b")]
    found = compare(now, past(judgements(HALF, "a"), judgements(HALF, "b")), (), SCORING, MARGIN)
    assert [it.checkpoint for it in found.falls] == ["b", "a"]

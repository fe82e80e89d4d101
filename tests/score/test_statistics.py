"""Intervals and p-values against closed forms, known values and simulated coverage."""

import math
import random
from statistics import NormalDist

import pytest

from tsugiki.score.config import ScoreConfig
from tsugiki.score.statistics import accuracy, difference

CONFIG = ScoreConfig(measure="exact", resamples=2_000, seed=5, confidence=0.95)
Z = NormalDist().inv_cdf(0.975)


def each(count: int) -> list[str]:
    """One fact a question."""
    return [f"f{index}" for index in range(count)]


def test_wilson_at_zero_and_one_is_the_closed_form() -> None:
    none, every = accuracy([0.0] * 50, each(50), CONFIG), accuracy([1.0] * 50, each(50), CONFIG)
    bound = Z * Z / (50 + Z * Z)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(bound)
    assert (every.value, every.high) == (1.0, 1.0)
    assert every.low == pytest.approx(1 - bound)


def test_a_few_rights_give_the_known_wilson_interval() -> None:
    found = accuracy([1.0] * 3 + [0.0] * 97, each(100), CONFIG)
    assert found.low == pytest.approx(0.01025, abs=1e-4)
    assert found.high == pytest.approx(0.08452, abs=1e-4)


def test_the_bootstrap_agrees_with_the_normal_approximation() -> None:
    found = accuracy([1.0] * 200 + [0.0] * 200, each(400), CONFIG)
    assert found.value == 0.5
    assert found.high - found.value == pytest.approx(Z * math.sqrt(0.25 / 400), rel=0.08)
    assert found.value - found.low == pytest.approx(Z * math.sqrt(0.25 / 400), rel=0.08)


def test_phrasings_of_one_fact_count_as_one() -> None:
    scores = [1.0, 0.0] * 40
    apart = accuracy(scores, each(80), CONFIG)
    together = accuracy([score for score in scores for _ in range(5)], [f for f in each(80) for _ in range(5)], CONFIG)
    naive = accuracy([score for score in scores for _ in range(5)], each(400), CONFIG)
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high))
    assert naive.high - naive.low < 0.6 * (together.high - together.low)


def test_the_same_seed_gives_the_same_figures_and_the_order_of_questions_is_free() -> None:
    scores = [float(index % 3 == 0) for index in range(90)]
    assert accuracy(scores, each(90), CONFIG) == accuracy(scores, each(90), CONFIG)
    other = CONFIG.model_copy(update={"seed": 6})
    assert accuracy(scores, each(90), CONFIG) != accuracy(scores, each(90), other)


@pytest.mark.parametrize("truth", [0.02, 0.2, 0.5, 0.95])
def test_intervals_cover_the_truth_with_clustered_questions(truth: float) -> None:
    draw = random.Random(round(truth * 1000))
    config = CONFIG.model_copy(update={"resamples": 1_000})
    facts = [f"f{index}" for index in range(40) for _ in range(3)]
    hits = 0
    for _ in range(200):
        known = [draw.betavariate(truth, 1 - truth) for _ in range(40)]
        scores = [float(draw.random() < known[index // 3]) for index in range(120)]
        found = accuracy(scores, facts, config)
        hits += found.low <= truth <= found.high
    assert hits / 200 >= 0.88


def test_the_exact_permutation_p_value_is_the_sign_test_on_equal_gaps() -> None:
    scores, than = [1.0] * 8 + [0.0] * 32, [0.0] * 40
    assert difference(scores, than, each(40), CONFIG).p == pytest.approx(2 / 2**8)
    mixed = difference([1.0] * 7 + [0.0] * 33, [0.0] * 7 + [1.0] + [0.0] * 32, each(40), CONFIG)
    assert mixed.p == pytest.approx(2 * (1 + 8) / 2**8)


def test_the_random_permutation_p_value_is_near_the_binomial_one() -> None:
    scores, than = [1.0] * 15 + [0.0] * 5, [0.0] * 15 + [1.0] * 5
    truth = 2 * sum(math.comb(20, k) for k in range(15, 21)) / 2**20
    found = difference(scores, than, each(20), CONFIG.model_copy(update={"resamples": 20_000}))
    assert found.p == pytest.approx(truth, rel=0.15)


def test_no_difference_is_uncertain_too() -> None:
    found = difference([0.0] * 30, [0.0] * 30, each(30), CONFIG)
    assert (found.value, found.p) == (0.0, 1.0)
    assert found.low < -0.05
    assert found.high > 0.05


def test_a_total_difference_stays_within_one() -> None:
    found = difference([1.0] * 30, [0.0] * 30, each(30), CONFIG)
    assert found.value == found.high == 1.0
    assert 0.7 < found.low < 1.0
    assert found.p < 0.001


def test_pairing_is_sharper_than_two_separate_intervals() -> None:
    scores = [float(index % 2 == 0 or index % 10 == 1) for index in range(200)]
    than = [float(index % 2 == 0) for index in range(200)]
    found = difference(scores, than, each(200), CONFIG)
    assert found.low > 0
    assert accuracy(than, each(200), CONFIG).high > accuracy(scores, each(200), CONFIG).low


def test_swapping_the_sides_mirrors_the_difference() -> None:
    draw = random.Random(1)
    one = [float(draw.random() < 0.6) for _ in range(60)]
    two = [float(draw.random() < 0.3) for _ in range(60)]
    forth, back = difference(one, two, each(60), CONFIG), difference(two, one, each(60), CONFIG)
    assert (forth.value, forth.p) == (-back.value, back.p)
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), abs=0.02)


def test_one_fact_gives_a_wide_interval_and_no_error() -> None:
    found = accuracy([1.0, 0.0, 1.0], ["f", "f", "f"], CONFIG)
    assert found.high - found.low > 0.7
    assert difference([1.0], [0.0], ["f"], CONFIG).p == 1.0


def test_two_samples_half_right_everywhere_is_no_certainty() -> None:
    found = accuracy([0.5] * 12, each(12), CONFIG)
    assert found.low < 0.3
    assert found.high > 0.7

"""Intervals and tests for figures over questions that are clustered by the fact they ask for.

Several phrasings of one fact are not independent, so facts are what is resampled, flipped and counted. The
percentile bootstrap covers too little when hardly any answer is right, or hardly any wrong (at 30 facts and a
true accuracy of 2 %, 95 % intervals cover 44 %), so there a closed form takes its place.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from tsugiki.score.config import ScoreConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 10
"""Below this many effective rights or wrongs, or differing facts, the closed form takes the bootstrap's place."""
_EXACT_UP_TO = 12
_BLOCK = 2_000_000


@dataclass(frozen=True)
class Estimate:
    """A share or a difference of shares with its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """A paired difference with its confidence interval and two-sided p-value."""

    value: float
    low: float
    high: float
    p: float


def accuracy(scores: Sequence[float], facts: Sequence[str], config: ScoreConfig) -> Estimate:
    """Mean score with its interval.

    The interval is the percentile bootstrap over facts: Efron (1979), with whole clusters resampled as in
    Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8. With few effective
    rights or wrongs it is Wilson's score interval (1927) at the effective sample size, the number of questions
    divided by the design effect (Kish 1965).

    Args:
        scores: one score in [0, 1] a question: the mean over its samples.
        facts: the fact of each question.
        config: resamples, seed and confidence.
    """
    clusters = _Clusters.of(scores, facts)
    if _is_sparse(clusters):
        return _wilson(clusters, config.confidence)
    return Estimate(clusters.mean, *_bootstrap(clusters, config))


def difference(scores: Sequence[float], than: Sequence[float], facts: Sequence[str], config: ScoreConfig) -> Difference:
    """Mean of `scores - than` over the same questions, with its interval and two-sided p-value.

    The interval is the paired percentile bootstrap over facts. Where either side has few effective rights or
    wrongs, or few facts differ, it is recovered from the intervals of both sides and their correlation (MOVER;
    Zou and Donner, Statistics in Medicine 27, 2008), which extends Newcombe's method 10 (1998). The p-value is
    that of a paired permutation test which swaps the two sides of whole facts: exact up to 12 differing facts,
    else random, with the observed one counted (Phipson and Smyth 2010).

    Args:
        scores: one score in [0, 1] a question.
        than: the scores of the other side on the same questions, in the same order.
        facts: the fact of each question.
        config: resamples, seed and confidence.
    """
    first, second = _Clusters.of(scores, facts), _Clusters.of(than, facts)
    gaps = _Clusters.of([a - b for a, b in zip(scores, than, strict=True)], facts)
    if _is_sparse(first) or _is_sparse(second) or sum(gap != 0 for gap in gaps.sums) < FEW:
        low, high = _mover(first, second, config.confidence)
    else:
        low, high = _bootstrap(gaps, config)
    return Difference(gaps.mean, low, high, _permutation_p(gaps, config))


@dataclass(frozen=True)
class _Clusters:
    """Scores summed by fact: `sums[i]` over `sizes[i]` questions, facts in order of first appearance."""

    sums: tuple[float, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, scores: Sequence[float], facts: Sequence[str]) -> "_Clusters":
        members: dict[str, list[float]] = {}
        for score, fact in zip(scores, facts, strict=True):
            members.setdefault(fact, []).append(score)
        return cls(
            tuple(round(math.fsum(group), 12) for group in members.values()),
            tuple(len(group) for group in members.values()),
        )

    @property
    def questions(self) -> int:
        return sum(self.sizes)

    @property
    def mean(self) -> float:
        return math.fsum(self.sums) / self.questions

    def covariance(self, other: "_Clusters") -> float:
        """Linearised covariance of the two means (Cochran, "Sampling Techniques", 1977, section 6.3)."""
        count = len(self.sums)
        if count < 2:
            return 0.0
        mean, others = self.mean, other.mean
        residuals = (
            (ours - mean * size) * (theirs - others * size)
            for ours, theirs, size in zip(self.sums, other.sums, self.sizes, strict=True)
        )
        return count / (count - 1) * math.fsum(residuals) / self.questions**2

    @property
    def effective(self) -> float:
        """Independent questions worth the same: between 1 and their number; facts where nothing varies."""
        variance, mean, count = self.covariance(self), self.mean, self.questions
        if variance <= 0 or not 0 < mean < 1:
            return float(len(self.sums))
        design_effect = variance / (mean * (1 - mean) / (count - 1))
        return min(float(count), max(1.0, count / design_effect))


def _is_sparse(clusters: _Clusters) -> bool:
    return min(clusters.mean, 1 - clusters.mean) * clusters.effective < FEW


def _wilson(clusters: _Clusters, confidence: float) -> Estimate:
    share, count = clusters.mean, clusters.effective
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Estimate(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def _mover(first: _Clusters, second: _Clusters, confidence: float) -> tuple[float, float]:
    one, two = _wilson(first, confidence), _wilson(second, confidence)
    scale = math.sqrt(first.covariance(first) * second.covariance(second))
    correlation = first.covariance(second) / scale if scale > 0 else 0.0

    def reach(ours: float, theirs: float) -> float:
        return math.sqrt(max(0.0, ours * ours + theirs * theirs - 2 * correlation * ours * theirs))

    gap = one.value - two.value
    low = gap - reach(one.value - one.low, two.high - two.value)
    high = gap + reach(one.high - one.value, two.value - two.low)
    return max(-1.0, low), min(1.0, high)


def _bootstrap(clusters: _Clusters, config: ScoreConfig) -> tuple[float, float]:
    """Percentile interval of the ratio of resampled sums to resampled sizes."""
    import numpy as np

    sums, sizes = np.asarray(clusters.sums), np.asarray(clusters.sizes, dtype=np.float64)
    random = np.random.default_rng(config.seed)
    means = []
    for rows in _blocks(config.resamples, len(sums)):
        drawn = random.integers(len(sums), size=(rows, len(sums)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    tail = (1 - config.confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def _permutation_p(gaps: _Clusters, config: ScoreConfig) -> float:
    """Share of sign assignments to the facts' summed differences at least as far from zero as the observed."""
    import numpy as np

    differing = np.asarray([gap for gap in gaps.sums if gap != 0])
    observed = abs(float(differing.sum())) - 1e-9
    if len(differing) <= _EXACT_UP_TO:
        signs = np.asarray(list(product((-1, 1), repeat=len(differing))))
        return float(np.mean(np.abs(signs @ differing) >= observed)) if len(differing) else 1.0
    random = np.random.default_rng(config.seed)
    beyond = 1
    for rows in _blocks(config.resamples, len(differing)):
        flips: NDArray[Any] = random.integers(2, size=(rows, len(differing))) * 2 - 1
        beyond += int(np.count_nonzero(np.abs(flips @ differing) >= observed))
    return beyond / (config.resamples + 1)


def _blocks(rows: int, width: int) -> Iterator[int]:
    """Cut `rows` draws of `width` values into blocks that fit into a few tens of megabytes."""
    block = max(1, _BLOCK // width)
    for start in range(0, rows, block):
        yield min(block, rows - start)

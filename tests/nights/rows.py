"""Judgements of made-up nights."""

from collections.abc import Callable, Iterator, Sequence

from tsugiki.nights.compare import PastNight
from tsugiki.nights.config import MarginConfig
from tsugiki.nights.data import NightData
from tsugiki.rows import Split
from tsugiki.score.config import ScoreConfig
from tsugiki.score.rows import Judgement

Build = Callable[..., NightData]
SCORING = ScoreConfig(measure="exact", resamples=2_000, seed=5, confidence=0.95)
MARGIN = MarginConfig(margin=0.02, confidence=0.95)


def judgements(
    rights: Sequence[bool | float], arm: str = "tuned", split: Split = "test", start: int = 0, wordings: int = 1
) -> Iterator[Judgement]:
    """One judgement a question, right or wrong; every `wordings` questions ask for one fact."""
    for number, right in enumerate(rights, start):
        yield Judgement(
            id=f"{split}-{number}",
            arm=arm,
            sample=0,
            fact=f"{split} {number // wordings}",
            split=split,
            domain="anime",
            exact=bool(right),
            contained=bool(right),
            finish="stop",
        )


def past(*rows: Iterator[Judgement]) -> PastNight:
    """The last good night, with these judgements."""
    return PastNight("2026-11-23", "report/compare_nights-1", [row for part in rows for row in part])

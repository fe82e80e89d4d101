"""Compare two nights: paired intervals on the questions of both, made wide enough for their number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tsugiki.nights.config import MarginConfig
from tsugiki.nights.figures import Compared, Comparison, Uncompared
from tsugiki.rows import Split
from tsugiki.score.config import Measure, ScoreConfig
from tsugiki.score.rows import Judgement
from tsugiki.score.score import SPLITS
from tsugiki.score.statistics import difference


@dataclass(frozen=True)
class PastNight:
    """What is needed of an earlier night to compare with it."""

    night: str
    report: str
    """Address of its report."""
    judgements: Iterable[Judgement]


@dataclass
class _Asked:
    """One question put to one checkpoint."""

    fact: str
    rights: list[bool] = field(default_factory=list)
    """Whether each sample is right."""

    @property
    def score(self) -> float:
        return sum(self.rights) / len(self.rights)


_Night = Mapping[tuple[str, Split], Mapping[str, _Asked]]
"""Questions by checkpoint and split, then by id."""


def compare(
    tonight: Iterable[Judgement],
    past: PastNight,
    changed: Collection[str],
    scoring: ScoreConfig,
    margin: MarginConfig,
) -> Compared:
    """Compare every checkpoint on every split with the same checkpoint on an earlier night.

    A question counts where it was asked on both nights. A checkpoint fell where the whole interval of tonight minus
    the earlier night lies below `-margin`.

    Args:
        tonight: judgements of tonight; `arm` is the checkpoint's name.
        past: the night to compare with.
        changed: ids of questions whose words or references differ between the nights.
        scoring: which measure, how many resamples, which seed; its own confidence is not used.
        margin: what is put up with, and how sure all intervals together are.
    """
    now, then = _by_question(tonight, scoring.measure), _by_question(past.judgements, scoring.measure)
    names, before = _names(now), _names(then)
    kept = [name for name in names if name in before]
    cells = [(name, split) for name in kept for split in SPLITS if (name, split) in now or (name, split) in then]
    both = {cell: _in_both(now.get(cell, {}), then.get(cell, {}), changed) for cell in cells}
    asked = {cell: len({*now.get(cell, {}), *then.get(cell, {})}) for cell in cells}
    compared = [cell for cell in cells if both[cell]]
    config = scoring.model_copy(update={"confidence": 1 - (1 - margin.confidence) / max(1, len(compared))})
    return Compared(
        night=past.night,
        report=past.report,
        comparisons=tuple(
            _comparison(cell, now[cell], then[cell], both[cell], asked[cell], config, margin.margin)
            for cell in compared
        ),
        uncompared=tuple(
            Uncompared(checkpoint=cell[0], split=cell[1], left_out=asked[cell]) for cell in cells if not both[cell]
        ),
        new=tuple(name for name in names if name not in before),
        gone=tuple(name for name in before if name not in names),
    )


def _by_question(judgements: Iterable[Judgement], measure: Measure) -> _Night:
    found: dict[tuple[str, Split], dict[str, _Asked]] = {}
    for row in judgements:
        asked = found.setdefault((row.arm, row.split), {}).setdefault(row.id, _Asked(row.fact))
        asked.rights.append(getattr(row, measure))
    return found


def _names(night: _Night) -> list[str]:
    """Names of the checkpoints, in order."""
    return list(dict.fromkeys(name for name, _ in night))


def _in_both(now: Mapping[str, _Asked], then: Mapping[str, _Asked], changed: Collection[str]) -> list[str]:
    return [question for question in now if question in then and question not in changed]


def _comparison(
    cell: tuple[str, Split],
    now: Mapping[str, _Asked],
    then: Mapping[str, _Asked],
    both: Sequence[str],
    asked: int,
    config: ScoreConfig,
    margin: float,
) -> Comparison:
    ours, theirs = [now[id_].score for id_ in both], [then[id_].score for id_ in both]
    facts = [now[id_].fact for id_ in both]
    gap = difference(ours, theirs, facts, config)
    return Comparison(
        checkpoint=cell[0],
        split=cell[1],
        before=sum(theirs) / len(both),
        tonight=sum(ours) / len(both),
        difference=gap.value,
        low=gap.low,
        high=gap.high,
        p=gap.p,
        n=len(both),
        facts=len(set(facts)),
        left_out=asked - len(both),
        fell=gap.high < -margin,
    )

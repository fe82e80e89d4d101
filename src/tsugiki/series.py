"""The nights of one series in a store: which came earlier, which of them is the last good one, what it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Chats, Report, Scores
from tsugiki.nights.config import NightConfig, moment
from tsugiki.nights.figures import NightFigures
from tsugiki.rowfile import read_rows
from tsugiki.score.rows import Judgement


@dataclass(frozen=True)
class Evaluation:
    """What the scores of a night were made of."""

    scores: Scores
    chats: Chats
    answers: Mapping[str, Answers]
    """By checkpoint."""

    @classmethod
    def of(cls, scores: Scores) -> Self:
        """The chats and answers behind scores.

        Raises:
            BadInput: some of them are no longer there.
        """
        (chats,) = scores.made_from(Chats, "chats")
        answers = scores.made_from(Answers, "answers")
        return cls(scores, chats, dict(zip(scores.record.config["arms"], answers, strict=True)))

    def judgements(self) -> Iterator[Judgement]:
        """The judgement of every sample."""
        return read_rows(self.scores.path, "judgements", Judgement)


@dataclass(frozen=True)
class StoredNight:
    """An earlier night: its report, and the figures that the report's record keeps."""

    report: Report
    figures: NightFigures

    def evaluation(self) -> Evaluation:
        """What it was made of.

        Raises:
            BadInput: some of it was deleted.
        """
        try:
            (scores,) = self.report.made_from(Scores, "scores")
            return Evaluation.of(scores)
        except BadInput as error:
            raise BadInput(
                f"the last good night of series {self.figures.series}, {self.figures.night}, cannot be compared with "
                f"any more ({error}): restore what was deleted, or begin a new series"
            ) from error


def earlier_nights(scores: Scores, stage: str, config: NightConfig) -> list[StoredNight]:
    """The nights of the series before this one, oldest first.

    A night that was evaluated several times, with other checkpoints or settings, counts as it was evaluated last.

    Args:
        scores: the scores of tonight; earlier nights are looked for in their store.
        stage: name of the stage that compares nights.
        config: the series and tonight.
    """
    tonight = moment(config.night)
    found: dict[object, StoredNight] = {}
    stored = scores.stored(Report, made_by=stage)
    for report in sorted(stored, key=lambda report: (report.record.started, report.address)):
        figures = NightFigures.of(report.address, report.record.metrics)
        if figures.series == config.series and moment(figures.night) < tonight:
            found[moment(figures.night)] = StoredNight(report, figures)
    return sorted(found.values(), key=lambda night: moment(night.figures.night))


def last_good(nights: Sequence[StoredNight]) -> StoredNight | None:
    """The newest night on which nothing fell; None if there is none."""
    return next((night for night in reversed(nights) if night.figures.good), None)

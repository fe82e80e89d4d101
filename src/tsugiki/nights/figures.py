"""The figures of a night, as its record keeps them and later nights read them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from tsugiki.config import describe
from tsugiki.errors import BadInput
from tsugiki.rows import Split
from tsugiki.score.scores import Figure, Gap, Share


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Comparison(Gap):
    """One checkpoint on one split: tonight minus the last good night, over the questions of both."""

    checkpoint: str
    split: Split
    before: Figure
    """Accuracy on the last good night."""
    tonight: Figure
    left_out: int
    """Questions asked, or asked in these words, on one of the nights only."""
    fell: bool
    """Whether the interval lies wholly below the margin: a regression."""


class Uncompared(_Model):
    """A checkpoint on a split whose nights have no question in common."""

    checkpoint: str
    split: Split
    left_out: int


class Compared(_Model):
    """A night beside the last good one before it."""

    night: str
    """The last good night."""
    report: str
    """Address of its report."""
    comparisons: tuple[Comparison, ...]
    uncompared: tuple[Uncompared, ...]
    new: tuple[str, ...]
    """Checkpoints that the last good night did not have."""
    gone: tuple[str, ...]
    """Checkpoints that only the last good night had."""

    @property
    def falls(self) -> tuple[Comparison, ...]:
        """The regressions, the largest first."""
        return tuple(sorted((it for it in self.comparisons if it.fell), key=lambda it: it.difference))


class NightFigures(_Model):
    """What a night found."""

    series: str
    night: str
    good: bool
    """Whether nothing fell. The first night of a series is good: there is nothing that it could have fallen from."""
    margin: float
    confidence: float
    accuracies: dict[str, dict[Split, Share]]
    """By checkpoint, then split: every question of the night, with the interval of that night alone."""
    compared: Compared | None
    """None on the first night."""

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def of(cls, address: str, metrics: Mapping[str, Any]) -> Self:
        """The figures that the record at an address keeps as its metrics.

        Raises:
            BadInput: it keeps others.
        """
        try:
            return cls.model_validate(metrics)
        except ValidationError as error:
            raise BadInput(f"the record of {address} is not that of a night ({describe(error)}); delete it") from error

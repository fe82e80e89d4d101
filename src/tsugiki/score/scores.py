"""The figures of one scoring, as they are written to JSON and read by the report."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from tsugiki.rows import Finish, Split
from tsugiki.score.config import Measure

Figure = Annotated[float, AfterValidator(lambda value: round(value, 6))]
"""A number rounded to what the resampling can tell, so that the last bits of a sum never reach a file."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Share(_Model):
    """An accuracy with its interval; shares of 1, over `n` questions about `facts` facts."""

    accuracy: Figure
    low: Figure
    high: Figure
    n: int
    facts: int


class Cell(Share):
    """Everything about one arm on one split; the figures of its own are those of the headline measure."""

    samples: int
    exact: Share
    contained: Share
    finish: dict[Finish, int]
    """Samples by how their generation ended; every reason is present."""
    domains: dict[str, Share]
    """The headline measure by domain."""

    @property
    def headline(self) -> Share:
        """The figures of the headline measure alone."""
        return Share(**{name: getattr(self, name) for name in Share.model_fields})


class Gap(_Model):
    """A paired difference of accuracies with its interval and two-sided p-value, not adjusted for other pairs."""

    difference: Figure
    low: Figure
    high: Figure
    p: Figure
    n: int
    facts: int


class Scores(_Model):
    """Accuracies and paired differences of every arm; a split without questions is absent."""

    measure: Measure
    confidence: float
    resamples: int
    seed: int
    arms: dict[str, dict[Split, Cell]]
    """By arm, then split."""
    differences: dict[Split, dict[str, dict[str, Gap]]]
    """By split, then arm, then the earlier arm that it is compared with: `differences[split][arm][than]`."""

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values: `arms.{arm}.{split}` and `differences.{split}.{arm}.{than}`."""
        return self.model_dump(mode="json")

"""The configuration of scoring."""

from typing import Literal

from pydantic import Field

from tsugiki.config import Config

Measure = Literal["exact", "contained"]


class ScoreConfig(Config):
    """What counts as right, and how sure the figures are."""

    measure: Measure
    """The headline measure: `exact` (the answer is a reference) or `contained` (a reference occurs in the answer)."""
    resamples: int = Field(ge=1_000, le=1_000_000)
    """Bootstrap resamples and random permutations behind each interval and p-value."""
    seed: int = Field(ge=0)
    """Seed of the resampling: the same seed gives the same figures."""
    confidence: float = Field(gt=0.5, lt=1.0)
    """Coverage of every interval, as a share (0.95 for 95 % intervals)."""

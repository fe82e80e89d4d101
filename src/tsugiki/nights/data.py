"""What the page of a night is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tsugiki.nights.figures import Comparison, NightFigures
from tsugiki.prices import Prices
from tsugiki.report.data import Question, StageRun
from tsugiki.score.scores import Scores

BEFORE, TONIGHT = "before", "tonight"
"""Names under which a lost question keeps the two answers."""


class Change(NamedTuple):
    """Something behind the answers that was not as on the last good night."""

    what: str
    before: str
    tonight: str


class Lost(NamedTuple):
    """Questions of one regression: answered right on the last good night and wrong tonight."""

    fall: Comparison
    questions: tuple[Question, ...]
    """Each with two answers, `BEFORE` and `TONIGHT`."""


@dataclass(frozen=True)
class NightData:
    """Everything the page of a night shows."""

    figures: NightFigures
    scores: Scores
    """Those of tonight."""
    changes: tuple[Change, ...]
    lost: tuple[Lost, ...]
    stages: tuple[StageRun, ...]
    """What was made for this night."""
    prices: Prices | None
    history: Mapping[str, NightFigures]
    """Every night of the series by the address of its report, oldest first, tonight last."""

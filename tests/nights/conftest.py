"""Nights of a series that were compared, as figures."""

from collections.abc import Sequence

import pytest

from tests.nights.rows import MARGIN, SCORING, Build, judgements, past
from tsugiki.nights.compare import compare
from tsugiki.nights.data import NightData
from tsugiki.nights.figures import NightFigures
from tsugiki.report.data import StageRun
from tsugiki.rows import Answer, Chat, Message
from tsugiki.score.score import score
from tsugiki.score.scores import Scores

NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")


def scores(rights: dict[str, Sequence[bool]]) -> Scores:
    """Scores of made-up answers, all in the split `test`."""
    count = len(next(iter(rights.values())))
    chats = [
        Chat(id=f"test-{n}", messages=(Message(role="user", content="問"),), fact=f"f{n}", split="test",
             references=("答",)) for n in range(count)
    ]  # fmt: skip
    arms = {
        arm: [Answer(id=f"test-{n}", text="答" if right else "否", finish="stop", prompt_tokens=1, output_tokens=1)
              for n, right in enumerate(said)]
        for arm, said in rights.items()
    }  # fmt: skip
    return score(arms, chats, SCORING).scores


def figures(night: str, rights: dict[str, Sequence[bool]], before: dict[str, Sequence[bool]] | None) -> NightFigures:
    """What a night's record keeps."""
    cells = scores(rights).arms
    rows = [row for arm, said in rights.items() for row in judgements(said, arm)]
    then = past(*(judgements(said, arm) for arm, said in (before or {}).items()))
    compared = compare(rows, then, (), SCORING, MARGIN) if before else None
    return NightFigures(
        series="anime <1>",
        night=night,
        good=not (compared and compared.falls),
        margin=MARGIN.margin,
        confidence=MARGIN.confidence,
        accuracies={arm: {split: cell.headline for split, cell in of.items()} for arm, of in cells.items()},
        compared=compared,
    )


@pytest.fixture(scope="session")
def build() -> Build:
    """Builds the data of tonight's page, from which questions each checkpoint answers right, tonight and before."""

    def make(rights: dict[str, Sequence[bool]], before: dict[str, Sequence[bool]] | None = None) -> NightData:
        tonight = figures("2026-11-24", rights, before)
        older = {f"report/compare_nights-{n}": figures(n, before, None) for n in NIGHTS} if before else {}
        return NightData(
            figures=tonight,
            scores=scores(rights),
            changes=(),
            lost=(),
            stages=(StageRun("generate.tuned", 3.25),),
            prices=None,
            history={**older, "report/compare_nights-tonight": tonight},
        )

    return make

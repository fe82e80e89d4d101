"""Stage: one page that says whether it worked."""

import json
import os
from typing import ClassVar

from pydantic import Field

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Chats, Report, Scores
from tsugiki.log import RUN_VARIABLE
from tsugiki.prices import Prices
from tsugiki.stage import Resources, stage


class ReportConfig(Config):
    """What the report is called, and what its machines cost."""

    # money follows from the time that a run took, which is in no identity either
    neutral: ClassVar[tuple[str, ...]] = ("prices",)

    title: str = Field(min_length=1)
    """Heading of the page."""
    description: str
    """A sentence under the heading: what was compared on what."""
    prices: Prices | None = None
    """What machines cost; left out, no money is shown. Usually from the cluster's profile."""


@stage(image="data", resources=Resources(cpus=1, memory_gb=4, disk_gb=10, hours=1))
def report(out: Report, scores: Scores, chats: Chats, answers: tuple[Answers, ...], config: ReportConfig) -> Metrics:
    """Write report.html (static, inline SVG) and metrics.json from scores, answers and the records behind them."""
    from tsugiki.lineage import Lineage
    from tsugiki.report.data import ReportData
    from tsugiki.report.metrics import metrics
    from tsugiki.report.page import render
    from tsugiki.report.questions import questions
    from tsugiki.rowfile import read_rows
    from tsugiki.score.rows import Judgement
    from tsugiki.score.scores import Scores as Figures

    names = scores.record.config["arms"]
    if len(names) != len(answers):
        raise BadInput(f"{len(answers)} sets of answers for the {len(names)} arms that were scored: give one for each")
    arms = dict(zip(names, answers, strict=True))
    lineage = Lineage(arms, os.environ.get(RUN_VARIABLE))
    data = ReportData(
        title=config.title,
        description=config.description,
        scores=Figures.model_validate_json(scores.file("scores.json").read_text(encoding="utf-8")),
        stages=lineage.stages([scores]),
        trainings=lineage.trainings(),
        questions=questions(
            chats.rows(),
            {arm: item.rows() for arm, item in arms.items()},
            read_rows(scores.path, "judgements", Judgement),
        ),
        counts=lineage.counts(),
        provenance=lineage.provenance(),
        prices=config.prices,
    )
    figures = metrics(data)
    (out.path / "report.html").write_text(render(data), encoding="utf-8")
    (out.path / "metrics.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    return {"arms": figures["arms"]}


if __name__ == "__main__":
    main(report)

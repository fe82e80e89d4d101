"""The figures of a report for programs."""

from typing import Any

from tsugiki.report.data import ReportData


def metrics(data: ReportData) -> dict[str, Any]:
    """The content of metrics.json: `arms.{arm}.{split}`, `differences.{split}.{arm}.{than}` and `stages.{name}`.

    Every arm's split has `accuracy`, `low`, `high` and `n`; every stage has `seconds` and `gpu_seconds`.
    """
    stages = {stage.name: {"seconds": stage.seconds, "gpu_seconds": stage.gpu_seconds} for stage in data.stages}
    return {**data.scores.to_json(), "stages": stages}

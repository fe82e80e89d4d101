"""The figures of a report for programs."""

from typing import Any

from tsugiki.report.costs import spent
from tsugiki.report.data import ReportData


def metrics(data: ReportData) -> dict[str, Any]:
    """The content of metrics.json: `arms.{arm}.{split}`, `differences.{split}.{arm}.{than}`, and what `spent` gives.

    Every arm's split has `accuracy`, `low`, `high` and `n`.
    """
    return {**data.scores.to_json(), **spent(data.stages, data.prices)}

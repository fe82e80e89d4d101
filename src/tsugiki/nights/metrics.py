"""The figures of a night for programs."""

from typing import Any

from tsugiki.nights.data import NightData
from tsugiki.report.costs import spent


def metrics(data: NightData) -> dict[str, Any]:
    """The content of metrics.json: the night's own figures, its scores, what changed and every night before.

    `good`, `compared.comparisons[]` (checkpoint, split, before, tonight, difference, low, high, fell),
    `arms.{checkpoint}.{split}`, `changes[]` and `history[]` (night, good, report, accuracies),
    oldest first; and what `spent` gives.
    """
    history = [
        {"report": address, **night.model_dump(mode="json", include={"night", "good", "accuracies"})}
        for address, night in data.history.items()
    ]
    changes = [change._asdict() for change in data.changes]
    figures = {**data.figures.to_json(), **data.scores.to_json(), "changes": changes, "history": history}
    return {**figures, **spent(data.stages, data.prices)}

"""What a finished run leaves for the reader: the report, and its figures with the times of this run beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsugiki.kinds import Report
from tsugiki.lineage import stage_run
from tsugiki.local import Outcome
from tsugiki.prices import Prices, amount
from tsugiki.report.costs import spent
from tsugiki.store import open_store
from tsugiki.store.files import clear_errors


def publish(address: str, root: str, outcomes: Mapping[str, Outcome], prices: Prices | None, directory: Path) -> Path:
    """Copy a report out of the store, and add to its metrics.json what each stage took, and what this run spent.

    Args:
        address: of the report.
        root: the store.
        outcomes: how each task of the run ended, by its name.
        prices: of the machines; None leaves money out.
        directory: where to write report.html and metrics.json.

    Returns:
        The path of report.html. In metrics.json beside it, stages are named as the run's tasks are.
    """
    report = Report.open(open_store(root), address)
    directory.mkdir(parents=True, exist_ok=True)
    metrics: dict[str, Any] = json.loads(report.file("metrics.json").read_text(encoding="utf-8"))
    metrics.pop("currency", None)
    metrics |= _spent(outcomes, prices)
    _replace(directory / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1).encode())
    return _replace(directory / "report.html", report.file("report.html").read_bytes())


def cost_line(outcomes: Mapping[str, Outcome], prices: Prices) -> str:
    """What the run cost, and what everything behind its report did."""
    found = _spent(outcomes, prices)
    this_run, everything = found["this_run"]["cost"], found["total"]["cost"]
    return (
        f"cost: {amount(this_run, everything)} {prices.currency} in this run, "
        f"{amount(everything, everything)} {prices.currency} for everything behind the report"
    )


def _spent(outcomes: Mapping[str, Outcome], prices: Prices | None) -> dict[str, Any]:
    return spent([stage_run(name, outcome.record, outcome.cached) for name, outcome in outcomes.items()], prices)


def _replace(path: Path, content: bytes) -> Path:
    """Write a file in one step: a reader sees the old one or the new one."""
    copy = path.with_name(f"{path.name}.new")
    with clear_errors(str(path)):
        copy.write_bytes(content)
        return copy.replace(path)

"""What a finished run leaves for the reader: the report, and its figures with the times of this run beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsugiki.kinds import Report
from tsugiki.local import Outcome
from tsugiki.store import open_store


def publish(address: str, root: str, outcomes: Mapping[str, Outcome], directory: Path) -> Path:
    """Copy a report out of the store, and add to its metrics.json what each stage took in this run.

    Returns:
        The path of report.html; metrics.json lies beside it, with `stages.{name}.seconds` and `.cached`.
    """
    report = Report.open(open_store(root), address)
    directory.mkdir(parents=True, exist_ok=True)
    metrics: dict[str, Any] = json.loads(report.file("metrics.json").read_text(encoding="utf-8"))
    metrics["stages"] = {
        name: {"seconds": outcome.record.seconds, "cached": outcome.cached} for name, outcome in outcomes.items()
    }
    page = directory / "report.html"
    copy = page.with_suffix(".new")
    shutil.copyfile(report.file("report.html"), copy)
    copy.replace(page)
    figures = directory / "metrics.json"
    copy = figures.with_suffix(".new")
    copy.write_text(json.dumps(metrics, ensure_ascii=False, indent=1), encoding="utf-8")
    copy.replace(figures)
    return page

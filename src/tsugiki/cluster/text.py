"""How runs are shown: durations, and tables of runs and of tasks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tsugiki.cluster.runs import Run
from tsugiki.cluster.schedules import Scheduled

PIPE_COLUMNS = 200
"""Width of a table that no terminal shows."""
_STYLES = {"Succeeded": "green", "Failed": "red", "Error": "red", "Running": "yellow"}


def duration(seconds: float | None) -> str:
    """`2d03h`, `1h02m`, `3m05s` or `12s`; nothing for None."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    for large, small, (names) in ((86400, 3600, "dh"), (3600, 60, "hm"), (60, 1, "ms")):
        if whole >= large:
            return f"{whole // large}{names[0]}{whole % large // small:02d}{names[1]}"
    return f"{whole}s"


def gpu_hours(seconds: float) -> str:
    """`1.25` GPU hours; nothing where no GPU was used."""
    return f"{seconds / 3600:.2f}" if seconds else ""


def show_runs(found: Sequence[Run]) -> None:
    """Print a table of runs."""
    now = datetime.now(UTC)
    rows = [
        (
            run.name,
            _phase(run),
            run.progress,
            duration(run.seconds),
            _age(run.created, now),
            gpu_hours(run.gpu_seconds),
            run.message,
        )
        for run in found
    ]
    _print(("run", "phase", "progress", "took", "age", "GPU hours", "message"), rows)


def show_schedules(found: Sequence[Scheduled]) -> None:
    """Print a table of schedules."""
    now = datetime.now(UTC)
    rows = [
        (
            schedule.name,
            schedule.next(now),
            f"{_age(schedule.last, now)} ago" if schedule.last else "",
            ", ".join(schedule.cron),
            schedule.message,
        )
        for schedule in found
    ]
    _print(("schedule", "next run", "last run", "cron", "message"), rows)


def _age(moment: str, now: datetime) -> str:
    return duration((now - datetime.fromisoformat(moment)).total_seconds())


def show_tasks(run: Run) -> None:
    """Print a run and a table of its tasks."""
    print(f"{run.name}: {_phase(run)} {run.progress} {duration(run.seconds)} {run.message}".rstrip())
    if run.nodes is None:
        print("Argo keeps the state of its tasks in a database of its own: look at them in its UI")
        return
    rows = [
        (
            task.name,
            task.phase,
            task.progress,
            duration(task.seconds),
            str(len(task.pods) or ""),
            gpu_hours(task.gpu_seconds),
            task.message,
        )
        for task in run.tasks
    ]
    _print(("task", "phase", "progress", "took", "pods", "GPU hours", "message"), rows)


def _phase(run: Run) -> str:
    if not run.seen:
        return "Pending (no controller has looked at it yet)"
    return f"{run.phase}, stopping" if run.stopped and not run.ended else run.phase


def _print(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table: Any = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == titles[0])
    for row in rows:
        table.add_row(*(Text(cell, _STYLES.get(cell.partition(",")[0], "")) for cell in row))
    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(table)

"""What a local run shows: live bars on a terminal, one line for each event elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Sequence
from typing import Any, Protocol, Self

from tsugiki.log import format_figures

LINE_SECONDS = 10.0


class Display(Protocol):
    """What the local runner tells as it goes."""

    def plan(self, names: Sequence[str], cached: Collection[str], missing: Collection[str]) -> None:
        """The tasks, those whose artifacts exist, and those that will run."""

    def started(self, name: str) -> None:
        """A task began."""

    def progress(self, name: str, done: int, total: int, figures: dict[str, float]) -> None:
        """A task got so far."""

    def note(self, name: str, text: str) -> None:
        """A task says why it does not get on."""

    def finished(self, name: str, seconds: float) -> None:
        """A task made its artifact."""

    def failed(self, name: str) -> None:
        """A task ended without one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Lines:
    """Plain lines, for logs and pipes."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def plan(self, names: Sequence[str], cached: Collection[str], missing: Collection[str]) -> None:
        """Say how much there is to do."""
        self._print(f"{len(names)} tasks: {len(cached)} done before, {len(missing)} to run")

    def started(self, name: str) -> None:
        """Say that a task began."""
        self._last[name] = time.monotonic()
        self._print(f"{name}: started")

    def progress(self, name: str, done: int, total: int, figures: dict[str, float]) -> None:
        """Say how far a task is, now and then."""
        if time.monotonic() - self._last.get(name, 0.0) >= LINE_SECONDS:
            self._last[name] = time.monotonic()
            self._print(f"{name}: {done}/{total}{format_figures(figures)}")

    def note(self, name: str, text: str) -> None:
        """Pass on what a task says."""
        self._print(f"{name}: {text}")

    def finished(self, name: str, seconds: float) -> None:
        """Say that a task is done."""
        self._print(f"{name}: done in {seconds:.1f} s")

    def failed(self, name: str) -> None:
        """Say that a task failed."""
        self._print(f"{name}: failed")

    def _print(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Bars:
    """One live line a task: state, name, bar, figures, time."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

        self._bars: Any = Progress(
            TextColumn("{task.fields[state]}"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}", style="dim"),
            TimeElapsedColumn(),
        )
        self._ids: dict[str, TaskID] = {}

    def plan(self, names: Sequence[str], cached: Collection[str], missing: Collection[str]) -> None:
        """Draw a line for each task that is done or will run."""
        for name in names:
            if name in cached:
                self._ids[name] = self._bars.add_task(
                    name, total=1, completed=1, start=False, state="[green]=", note="done before"
                )
            elif name in missing:
                self._ids[name] = self._bars.add_task(name, total=None, start=False, state=" ", note="waiting")

    def started(self, name: str) -> None:
        """Start a task's clock."""
        self._bars.start_task(self._ids[name])
        self._bars.update(self._ids[name], state="[yellow]>", note="")

    def progress(self, name: str, done: int, total: int, figures: dict[str, float]) -> None:
        """Move a task's bar."""
        self._bars.update(self._ids[name], completed=done, total=total, note=f"{done}/{total}{format_figures(figures)}")

    def note(self, name: str, text: str) -> None:
        """Write what a task says above the bars."""
        self._bars.console.print(f"{name}: {text}", markup=False, highlight=False)

    def finished(self, name: str, seconds: float) -> None:
        """Fill a task's bar and stop its clock."""
        self._bars.update(self._ids[name], completed=1, total=1, state="[green]+", note=f"{seconds:.1f} s")
        self._bars.stop_task(self._ids[name])

    def failed(self, name: str) -> None:
        """Mark a task and stop its clock."""
        self._bars.update(self._ids[name], state="[red]x", note="failed")
        self._bars.stop_task(self._ids[name])

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def make_display() -> Display:
    """Bars where a person watches a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()

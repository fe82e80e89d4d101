"""Waiting for a run: what changes is told once, a cluster that is away for a while is waited for too."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tsugiki.cluster.client import Cluster
from tsugiki.cluster.refusals import NotThere, Unreachable
from tsugiki.cluster.runs import WAITING, Run, TaskState
from tsugiki.cluster.text import duration
from tsugiki.errors import OutOfTime, Preempted, TsugikiError

POLL_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
AWAY_SECONDS = 15 * 60.0
"""How long an API server may be away before waiting ends."""
UNSEEN_SECONDS = 30.0
"""How long a controller may take to see a workflow before something is said."""


def to_stderr(line: str) -> None:
    """Say what goes on."""
    print(line, file=sys.stderr, flush=True)


@dataclass
class Waiting:
    """One wait for one run."""

    cluster: Cluster
    name: str
    timeout: float | None = None
    """Seconds after which waiting ends; None for never."""
    say: Callable[[str], None] = to_stderr
    pace: float = POLL_SECONDS
    """Seconds between two looks; the first pause where the API server is away."""
    _told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _begin: float = field(default_factory=time.monotonic)

    def wait(self) -> Run:
        """Wait until the run has succeeded.

        Raises:
            Preempted: it was stopped.
            OutOfTime: it has not ended within the timeout.
            TsugikiError: it failed, it was deleted, or the API server stayed away.
        """
        while True:
            run = self._look()
            self._tell(run)
            if run.ended:
                return _ended(run)
            self._pause(self.pace, f"{run.name} is {run.phase}")

    def _look(self) -> Run:
        """The run as it is; while the API server is away, tried again with longer and longer pauses."""
        pause, since = self.pace, time.monotonic()
        while True:
            try:
                return Run(self.cluster.get("Workflow", self.name))
            except NotThere as error:
                raise TsugikiError(f"{error}: it was deleted, or it is in another namespace (PROFILE)") from error
            except Unreachable as error:
                if time.monotonic() - since > AWAY_SECONDS:
                    raise
                if pause == self.pace:
                    self.say(f"{error} Still waiting")
                self._pause(pause, str(error))
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _pause(self, seconds: float, state: str) -> None:
        left = float("inf") if self.timeout is None else self._begin + self.timeout - time.monotonic()
        if left <= 0:
            raise OutOfTime(f"waited {duration(self.timeout)}: {state}; it goes on, and so can waiting")
        time.sleep(min(seconds, left))

    def _tell(self, run: Run) -> None:
        if not run.seen and time.monotonic() - self._begin > UNSEEN_SECONDS:
            self._once("", f"{run.name}: no controller has looked at it yet: does Argo's workflow-controller run?")
        if run.phase == "Pending" and run.message:
            self._once("", f"{run.name}: Pending: {run.message}")
        for task in run.tasks:
            if task.phase != WAITING:
                self._once(task.name, _line(task))

    def _once(self, key: str, *line: str) -> None:
        if self._told.get(key) != line:
            self._told[key] = line
            self.say(line[0])


def _line(task: TaskState) -> str:
    """A task's state; what changes all the time, as its progress, is left to `status`."""
    took = f" in {duration(task.seconds)}" if task.phase == "Succeeded" else ""
    attempt = f" (attempt {len(task.pods)})" if len(task.pods) > 1 and not task.split else ""
    message = f": {task.message}" if task.message and task.phase != "Succeeded" else ""
    return f"{task.name}: {task.phase}{took}{attempt}{message}"


def _ended(run: Run) -> Run:
    if run.phase == "Succeeded":
        return run
    if run.stopped:
        raise Preempted(f"{run.name} was stopped; what was done is kept: make retry NAME={run.name}")
    failed = [task for task in run.tasks if task.phase in ("Failed", "Error")]
    why = "; ".join(f"{task.name}: {task.message}" for task in failed) or run.message
    raise TsugikiError(f"{run.name} {run.phase.lower()}: {why} (make logs NAME={run.name} shows more)")

"""The local runner: a plan's tasks as processes on this machine, side by side where they do not need each other."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tsugiki.artifact import Record
from tsugiki.display import Display
from tsugiki.errors import FAILED, PREEMPTED, TsugikiError
from tsugiki.execute import cached
from tsugiki.plan import Plan, Task, expanded, missing
from tsugiki.process import stop_on_signals, without_interrupts
from tsugiki.stage import Resources
from tsugiki.store import open_store
from tsugiki.store.files import clear_errors
from tsugiki.worker import Job, work

GRACE_SECONDS = 60.0
TICK_SECONDS = 0.25
PRELOAD = ["tsugiki.preload"]


class RunFailed(TsugikiError):
    """A task failed; its own line has been shown. Carries the exit code that the run ends with."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.exit_code = code


@dataclass(frozen=True)
class Outcome:
    """How a task ended: the record of its artifact, and whether it was there before."""

    record: Record
    cached: bool


@dataclass(frozen=True)
class Machine:
    """What this machine lends to a run."""

    slots: int
    """Tasks at once. Each gets an equal share of the cores."""
    gpus: int
    """CUDA devices; a task that wants some waits for them."""

    @property
    def threads(self) -> int:
        """Threads of one task. It follows from the machine alone, so that a rerun computes the same bits."""
        return max(1, (os.cpu_count() or 1) // self.slots)


def this_machine(slots: int | None = None) -> Machine:
    """The cores and CUDA devices here; two tasks at once unless told otherwise."""
    return Machine(slots or 2, len(list(Path("/dev").glob("nvidia[0-9]*"))))


@dataclass
class _Running:
    task: Task
    process: multiprocessing.process.BaseProcess
    messages: Connection
    gpus: tuple[int, ...]
    record: Record | None = None
    failure: tuple[int, str] | None = None


@dataclass
class LocalRun:
    """One run of a plan. Call `run` once."""

    plan: Plan
    root: str
    logs: Path
    """Directory for what the stages print, one file a task."""
    resources: Callable[[Task], Resources]
    machine: Machine
    display: Display
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _running: list[_Running] = field(default_factory=list)

    def run(self, target: str) -> Mapping[str, Outcome]:
        """Make the artifact at address `target` and all it needs; what exists is not made again.

        Returns:
            The outcome of each task by name; tasks whose artifacts nobody needed any more are left out.

        Raises:
            RunFailed: a task failed, or the run was told to stop (exit code 75; the same command resumes it).
        """
        stop = stop_on_signals()
        with clear_errors(str(self.logs)):
            self.logs.mkdir(parents=True, exist_ok=True)
        waiting = self._missing(target)
        if any(task.call.stage.image != "data" for task in waiting.values()):
            # it loads torch and transformers while the first data stages run
            forkserver.set_forkserver_preload(PRELOAD)
            with without_interrupts():
                forkserver.ensure_running()
        failure: tuple[int, str] | None = None
        with self.display:
            while self._running or (waiting and failure is None):
                if failure is None:
                    self._start_ready(waiting)
                failure = self._listen() or failure
                if failure is None and stop.is_set():
                    failure = (
                        PREEMPTED,
                        "told to stop; what was done is saved, and the same command goes on from there",
                    )
                if failure is not None:
                    self._stop_all()
        if failure is not None:
            raise RunFailed(*failure)
        return self.outcomes

    def _missing(self, target: str) -> dict[str, Task]:
        """Tasks to run, by name in the order of the plan: the target if missing, and the missing inputs of such."""
        store = open_store(self.root)
        tasks = expanded(self.plan.tasks.values(), lambda task: self.resources(task).shards)
        with ThreadPoolExecutor(8) as pool:
            records = list(pool.map(lambda task: cached(task.call, store), tasks))
        found = {task.name: record for task, record in zip(tasks, records, strict=True) if record is not None}
        self.outcomes.update({name: Outcome(record, cached=True) for name, record in found.items()})
        wanted = [task.name for task in tasks if task.call.address == target]
        names = missing({task.name: task.needs for task in tasks}, found, wanted)
        self.display.plan([task.name for task in tasks], found, names)
        return {task.name: task for task in tasks if task.name in names}

    def _start_ready(self, waiting: dict[str, Task]) -> None:
        for task in list(waiting.values()):
            if len(self._running) >= self.machine.slots:
                return
            # joining parts is no work for a GPU
            gpus = self._free_gpus(self.resources(task).gpus if task.call.parts == 1 else 0)
            if gpus is not None and all(name in self.outcomes for name in task.needs):
                del waiting[task.name]
                self._start(task, gpus)

    def _free_gpus(self, wanted: int) -> tuple[int, ...] | None:
        """Devices for a task that wants so many: none needed or none here is the empty tuple; None is to wait."""
        if wanted == 0 or self.machine.gpus == 0:
            return ()
        taken = {gpu for running in self._running for gpu in running.gpus}
        free = [gpu for gpu in range(self.machine.gpus) if gpu not in taken]
        wanted = min(wanted, self.machine.gpus)
        return tuple(free[:wanted]) if len(free) >= wanted else None

    def _start(self, task: Task, gpus: tuple[int, ...]) -> None:
        light = task.call.stage.image == "data"
        context: Any = multiprocessing.get_context("spawn" if light else "forkserver")
        receiver, sender = context.Pipe(duplex=False)
        job = Job(
            stage=task.call.stage.name,
            inputs=task.call.input_addresses(),
            config=task.call.config.model_dump_json(),
            shard=task.call.shard,
            parts=task.call.parts,
            root=self.root,
            hours=self.resources(task).hours,
            threads=self.machine.threads,
            gpus=gpus,
            log=self.logs / f"{task.name}.log",
        )
        process = context.Process(target=work, args=(job, sender), name=task.name)
        try:
            with without_interrupts():
                process.start()
        except (EOFError, ConnectionError) as error:
            raise TsugikiError(f"{task.name}: the fork server is gone; the same command starts a new one") from error
        sender.close()
        self._running.append(_Running(task, process, receiver, gpus))
        self.display.started(task.name)

    def _listen(self) -> tuple[int, str] | None:
        """Take in messages for a moment; the failure of a task that ended badly, if one did."""
        ready = wait([running.messages for running in self._running], timeout=TICK_SECONDS)
        failure = None
        for running in [running for running in self._running if running.messages in ready]:
            try:
                kind, value = running.messages.recv()
            except EOFError:
                failure = self._ended(running) or failure
                continue
            if kind == "progress":
                self.display.progress(running.task.name, *value)
            elif kind == "note":
                self.display.note(running.task.name, value)
            elif kind == "done":
                running.record = Record.model_validate_json(value)
            else:
                running.failure = value
        return failure

    def _ended(self, running: _Running) -> tuple[int, str] | None:
        running.process.join()
        self._running.remove(running)
        name = running.task.name
        if running.record is not None:
            self.outcomes[name] = Outcome(running.record, cached=False)
            self.display.finished(name, running.record.seconds)
            return None
        code, line = running.failure or (FAILED, f"its process ended with exit code {running.process.exitcode}")
        if running.failure is None and (running.process.exitcode or 0) < 0:
            line = f"its process was killed by signal {-(running.process.exitcode or 0)}; the same command resumes it"
        self.display.failed(name)
        return code, f"{name}: {line}"

    def _stop_all(self) -> None:
        for running in self._running:
            running.process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        while self._running and time.monotonic() < end:
            self._listen()
        for running in self._running:
            running.process.kill()
            running.process.join()
        self._running.clear()

"""The other end of the local runner: one task in a process of its own, which tells how it goes."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from tsugiki.artifact import Record
from tsugiki.attempts import Allotment
from tsugiki.catalogue import load_stage
from tsugiki.command import call_from
from tsugiki.execute import Conditions, execute
from tsugiki.process import die_with_parent, explain, is_expected, stop_on_signals
from tsugiki.store import open_store
from tsugiki.work import Shard

PROGRESS_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """All that a worker process needs to know; plain values, so that it can be sent."""

    stage: str
    inputs: dict[str, str | list[str]]
    config: str
    shard: Shard | None
    parts: int
    root: str
    hours: float
    threads: int
    gpus: tuple[int, ...]
    log: Path


def work(job: Job, messages: Connection) -> None:
    """Run one job in this process and send how it goes: progress, then done or failed."""
    die_with_parent()
    stop = stop_on_signals()
    try:
        log = job.log.open("ab", buffering=0)
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
        record = _execute(job, stop, messages)
    except BaseException as error:
        code, line = explain(error)
        if not is_expected(error):
            traceback.print_exc()
            line = f"{line}; the traceback is in {job.log}"
        messages.send(("failed", (code, line)))
        sys.exit(code)
    messages.send(("done", record.model_dump_json()))


def _execute(job: Job, stop: threading.Event, messages: Connection) -> Record:
    _limit(job)
    last = 0.0

    def report(done: int, total: int, figures: dict[str, float]) -> None:
        nonlocal last
        now = time.monotonic()
        if done >= total or now - last >= PROGRESS_SECONDS:
            last = now
            messages.send(("progress", (done, total, figures)))

    def say(text: str) -> None:
        messages.send(("note", text))

    call = replace(call_from(load_stage(job.stage), job.inputs, job.config), shard=job.shard, parts=job.parts)
    allotment = Allotment(job.threads, len(job.gpus))
    conditions = Conditions(report, stop, job.hours, allotment=allotment, say=say)
    return execute(call, open_store(job.root), conditions).record


def _limit(job: Job) -> None:
    """Keep to the job's share of the machine; torch may be loaded already, inherited from the fork server."""
    os.environ["OMP_NUM_THREADS"] = str(job.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(str(gpu) for gpu in job.gpus)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(job.threads)

"""Answers to chats: planned in a fixed order, journaled as they finish, and resumed where a kill left off."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tsugiki.errors import OutOfTime
from tsugiki.rows import Answer, Chat, Rejected
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Completion, Engine, Opener, Request, open_engine
from tsugiki.serve.journal import Journal
from tsugiki.serve.plan import Plan, Reader, make_plan, share
from tsugiki.serve.probe import confirm, expect
from tsugiki.train.template import load_tokenizer
from tsugiki.work import Work


def generate(
    model: Path, chats: Sequence[Chat], work: Work, config: GenerateConfig, opener: Opener = open_engine
) -> Iterator[Answer | Rejected]:
    """Answer the chats of the configured splits; nothing is yielded before all are answered.

    Finished samples are kept under `work.path`. An attempt that follows a kill repeats only what is missing, in
    batches of the same composition, so that its answers equal those of an undisturbed run. Before vLLM generates
    anything, it is compared with transformers on some of the prompts; the figures are kept under `work.path` too.

    Args:
        model: a checkpoint directory with tokenizer and chat template.
        chats: their order is the order of the answers; the samples of one chat follow each other.
        work: where finished samples are kept; its stop flag and time limit are looked at between tokens. With a shard
            only the batches of that shard are answered.
        config: what is answered, and how.
        opener: loads the engine; called once, and only if something is missing.

    Yields:
        An answer for each chat and sample; `Rejected` for a prompt that does not fit or that the engine refuses.

    Raises:
        BadInput: the model, its template or the choice of splits cannot work.
        GateFailed: vLLM does not give the same as transformers.
        Preempted: told to stop; what is finished is saved.
        OutOfTime: the time limit is reached; what is finished is saved.
    """
    tokenizer = load_tokenizer(model)
    plan = share(make_plan(model, tokenizer, chats, config), work.shard, config.batch_size)
    journal = Journal(work)
    if any(request.key not in journal for request in plan.requests):
        job = _Job(plan, journal, work, Reader(tokenizer))
        expected = expect(model, plan, config, work, job.check)
        with opener(model, config, plan.limits) as engine:
            confirm(expected, engine, config, work, job.check)
            job.run(engine, config)
    for item in plan.order:
        yield item if isinstance(item, Rejected) else journal[item.key]


def batches(requests: Sequence[Request], journal: Journal, size: int, *, rows_alone: bool) -> list[Sequence[Request]]:
    """What is left to do: every batch that lacks a row, or, for an engine of separate rows, the missing rows."""
    if rows_alone:
        missing = [request for request in requests if request.key not in journal]
        return [missing] if missing else []
    cut = [requests[start : start + size] for start in range(0, len(requests), size)]
    return [batch for batch in cut if any(request.key not in journal for request in batch)]


class _Job:
    """One attempt at what a plan's journal lacks."""

    def __init__(self, plan: Plan, journal: Journal, work: Work, reader: Reader) -> None:
        self._plan = plan
        self._journal = journal
        self._work = work
        self._reader = reader
        self._done = sum(request.key in journal for request in plan.requests)

    def run(self, engine: Engine, config: GenerateConfig) -> None:
        """Complete everything that is missing."""
        began, tokens = time.monotonic(), 0
        for batch in batches(self._plan.requests, self._journal, config.batch_size, rows_alone=engine.rows_alone):
            for outcomes in engine.complete(batch, config, self.check):
                self._keep({request.key: self._reader.row(request, end) for request, end in outcomes})
                tokens += sum(len(end.tokens) for _, end in outcomes if isinstance(end, Completion))
                rate = tokens / (time.monotonic() - began)
                self._work.progress(self._done, len(self._plan.requests), tokens_per_second=rate)
        self._journal.save()

    def _keep(self, rows: dict[str, Answer | Rejected]) -> None:
        self._done += sum(key not in self._journal for key in rows)
        self._journal.append(rows)

    def check(self) -> None:
        """Leave, everything finished being saved, when told to or when the time is up."""
        if self._work.stopping or self._work.seconds_left <= 0:
            self._journal.save()
            self._work.check_stop()
            raise OutOfTime("the time limit is reached; finished answers are saved, and the same command goes on")

"""One attempt at one artifact, the same on every runner: look, resume, run, record, commit."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsugiki.artifact import Artifact, Record, Written, read_record
from tsugiki.attempts import Allotment, Book, Run, Spent
from tsugiki.errors import BadInput, Preempted, TsugikiError
from tsugiki.provenance import gpus_in_use, provenance
from tsugiki.stage import Call
from tsugiki.store import Attempt, Busy, Store, hash_directory
from tsugiki.store.area import refuse
from tsugiki.work import Report, Work, silent, to_nobody
from tsugiki.world import World


@dataclass(frozen=True)
class Conditions:
    """What an attempt is given by whoever runs it."""

    report: Report = silent
    stop: threading.Event = field(default_factory=threading.Event)
    hours: float | None = None
    """Time limit over all attempts of the run; None without one."""
    run: Run | None = None
    """Where attempts may be repeated by a scheduler; None where nobody does."""
    allotment: Allotment = field(default_factory=Allotment)
    world: World = field(default_factory=World)
    """The processes that make the artifact together."""
    say: Callable[[str], None] = to_nobody
    """Takes what a stage has to say besides how far it is."""

    @property
    def run_name(self) -> str | None:
        """Name of the run; None outside one."""
        return self.run.name if self.run else None


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to."""

    record: Record
    made: bool = False
    """Whether this attempt made the artifact; otherwise it was there."""
    spent: Spent | None = None
    """What the run spent on it, without the parts that were joined to it; None where the run has not made it."""


def found(call: Call[Any], record: Record, run: str | None) -> Outcome:
    """The outcome where the artifact was there: made by another run, or by an attempt or a Job of this one.

    Args:
        call: what was to be made.
        record: that of its artifact.
        run: name of the run; None outside one.
    """
    if run is None or record.provenance.get("run") != run:
        return Outcome(record)
    if call.parts > 1:
        # what joining alone took is not in the record: little, and no GPU
        return Outcome(record, spent=Spent(0, 0.0, 0.0, 0.0))
    return Outcome(record, spent=Spent(record.attempts, record.seconds, record.cpu_seconds, record.gpu_seconds))


def cached(call: Call[Any], store: Store) -> Record | None:
    """The record of the call's artifact as `existing` gives it; what a kill just after its commit left is removed."""
    record = existing(call, store)
    if record is not None:
        store.discard_work(call.address)
        if call.parts > 1:
            _remove_parts(call, store)
    return record


def _remove_parts(call: Call[Any], store: Store) -> None:
    """Remove the parts of a whole that exists, whoever made them: nobody needs one any more.

    One at which a process of this machine is at work is left to it; an attempt at a part elsewhere fails, if at all,
    to find the whole when it is repeated.
    """
    for address in list(store.list(f"{call.address}.")):
        with suppress(Busy):
            store.delete(address)


def existing(call: Call[Any], store: Store) -> Record | None:
    """The record of the call's artifact, its files verified by name and size; None if it does not exist.

    Raises:
        TsugikiError: the record there is that of something else, or files are missing or damaged.
    """
    record = read_record(store, call.address)
    if record is None:
        return None
    expected = {
        "kind": call.stage.signature.output.kind,
        "stage": call.stage.name,
        "version": call.stage.version,
        "inputs": call.input_addresses(),
    }
    for name, value in expected.items():
        if getattr(record, name) != value:
            raise TsugikiError(
                f"{call.address} holds another artifact: its {name} is {getattr(record, name)!r}, "
                f"not {value!r}; delete it to redo"
            )
    store.verify(call.address, record.files)
    return record


def execute(call: Call[Any], store: Store, conditions: Conditions) -> Outcome:
    """Make the call's artifact unless it exists.

    Of several writers one wins; the others find the winner's record. Of processes that work together rank 0 alone
    holds the address, saves and commits. A part is not made where the whole exists.

    Raises:
        TsugikiError: the stage cannot go on; no part of an artifact is left, and saved state is kept.
    """
    record = cached(call, store)
    if record is not None:
        return found(call, record, conditions.run_name)
    if call.shard is not None and (whole := existing(replace(call, shard=None), store)):
        return Outcome(whole)
    if not conditions.world.leads:
        return _assist(call, store, conditions)

    def give_up_when_told() -> None:
        if conditions.stop.is_set():
            raise Preempted(f"told to stop while another process makes {call.address}")

    with store.attempt(call.address, give_up_when_told) as attempt:
        record = existing(call, store)
        if record is not None:
            return found(call, record, conditions.run_name)
        return _make(call, store, attempt, conditions)


def preview(call: Call[Any], store: Store, conditions: Conditions) -> Sequence[str]:
    """What the stage says that making the call's artifact would take; nothing is made, and saved state is kept.

    Raises:
        BadInput: the stage cannot tell.
        TsugikiError: it cannot go on.
    """
    if call.stage.planner is None:
        raise BadInput(f"{call.stage.name} cannot tell beforehand what it takes: leave --plan out")
    if existing(call, store) is not None:
        return [f"{call.address} exists: nothing would be made"]
    with store.attempt(call.address, refuse) as attempt:
        work = Work(
            attempt.state,
            attempt.publish,
            conditions.report,
            conditions.stop,
            keep=attempt.publish,
            say=conditions.say,
        )
        out = call.stage.signature.output(call.address, Written(attempt.output, work))
        return call.stage.planner(out, **_open_inputs(call, store), config=call.config)


def _make(call: Call[Any], store: Store, attempt: Attempt, conditions: Conditions) -> Outcome:
    started = datetime.now(UTC)
    book = Book(attempt, conditions.run, conditions.allotment)
    with book.kept():
        inputs, parts = _open_inputs(call, store), _open_parts(call, store)
        seconds = book.seconds_left(conditions.hours)
        world = conditions.world
        world.before_leaving(book.close)
        work = Work(
            attempt.state,
            book.publish,
            conditions.report,
            conditions.stop,
            None if seconds is None else time.monotonic() + seconds,
            call.shard,
            world,
            keep=attempt.publish,
            say=conditions.say,
        )
        out = call.stage.signature.output(call.address, Written(attempt.output, work))
        if parts:
            metrics = call.stage.join(out, parts, **inputs, config=call.config)  # type: ignore[misc]  # it has parts
        else:
            metrics = call.stage.function(out, **inputs, config=call.config)
        files, spent = hash_directory(attempt.output), book.spent(gpus_in_use() * world.size)
        record = Record(
            kind=out.kind,
            stage=call.stage.name,
            version=call.stage.version,
            config=call.config.model_dump(mode="json"),
            inputs=call.input_addresses(),
            files=files,
            metrics=metrics,
            provenance=_provenance(conditions.allotment.gpus, [part.record for part in parts]),
            started=started.isoformat(timespec="seconds"),
            **_costs(spent, [part.record for part in parts]),
        )
        won = store.commit(call.address, attempt.output, record.model_dump_json(indent=1).encode(), files)
    if parts:
        _remove_parts(call, store)
    world.close()
    return Outcome(record, made=True, spent=spent) if won else found(call, _winner(call, store), conditions.run_name)


def _assist(call: Call[Any], store: Store, conditions: Conditions) -> Outcome:
    """Do this process's share of the work, of which nothing is kept here, and wait until rank 0 has committed."""
    with tempfile.TemporaryDirectory(prefix="tsugiki-") as name:
        output, state = Path(name, "output"), Path(name, "state")
        output.mkdir()
        state.mkdir()
        out = call.stage.signature.output(
            call.address, Written(output, Work(state, stop=conditions.stop, world=conditions.world))
        )
        call.stage.function(out, **_open_inputs(call, store), config=call.config)
        conditions.world.close()
    record = existing(call, store)
    if record is None:
        raise Preempted(f"the first of the processes ended before it had committed {call.address}; run again")
    return found(call, record, conditions.run_name)


def _winner(call: Call[Any], store: Store) -> Record:
    winner = existing(call, store)
    if winner is None:
        raise TsugikiError(f"{call.address} was deleted while it was being made: run again")
    return winner


def _provenance(gpus: int, parts: Sequence[Record]) -> dict[str, str]:
    """Of an artifact that is joined, that of its parts, which had the work; values that differ are listed."""
    own = provenance(gpus)
    values: dict[str, dict[str, None]] = {}
    for part in parts:
        for name, value in part.provenance.items():
            values.setdefault(name, {})[value] = None
    listed = {name: "; ".join(found) for name, found in values.items()}
    return {**own, **listed, **{name: own[name] for name in own if name == "run"}}


def _costs(own: Spent, parts: Sequence[Record]) -> dict[str, Any]:
    return {
        "attempts": own.attempts + sum(part.attempts for part in parts),
        "seconds": round(own.seconds + max((part.seconds for part in parts), default=0.0), 3),
        "cpu_seconds": round(own.cpu_seconds + sum(part.cpu_seconds for part in parts), 3),
        "gpu_seconds": round(own.gpu_seconds + sum(part.gpu_seconds for part in parts), 3),
    }


def _open_parts(call: Call[Any], store: Store) -> tuple[Artifact, ...]:
    """The parts that the call joins; none where it makes its artifact in one go."""
    if call.parts == 1:
        return ()
    kind = call.stage.signature.output
    parts = tuple(kind.open(store, part.address) for part in call.split(call.parts))
    for part in parts:
        store.verify(part.address, part.record.files)
    return parts


def _open_inputs(call: Call[Any], store: Store) -> dict[str, Artifact | tuple[Artifact, ...]]:
    specs = call.stage.signature.inputs
    opened = {
        name: tuple(specs[name].kind.open(store, item.address) for item in items) for name, items in call.inputs.items()
    }
    for items in opened.values():
        for item in items:
            store.verify(item.address, item.record.files)
    return {name: items if specs[name].many else items[0] for name, items in opened.items()}

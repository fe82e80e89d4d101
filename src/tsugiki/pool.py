"""Run a plain function over many items in several processes, results in order, and stop at once when told to."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.synchronize import Event
from typing import Protocol, TypeVar

from tsugiki.errors import Preempted, TsugikiError
from tsugiki.process import die_with_parent

T = TypeVar("T")
R = TypeVar("R")

_POLL_SECONDS = 0.2


class Flag(Protocol):
    """Says whether to stop: an event of threads or of processes."""

    def is_set(self) -> bool:
        """Whether to stop."""


_flag: Flag | None = None
"""The flag of the work that this process does; long functions look at it by `check_stop`."""


def check_stop() -> None:
    """Leave the function that `in_order` runs if it was told to stop; call it now and then.

    Raises:
        Preempted: told to stop.
    """
    if _flag is not None and _flag.is_set():
        raise Preempted("told to stop; the same command begins anew")


def run(task: Callable[[], R], stop: Flag | None) -> R:
    """The result of a task that looks at `check_stop`, worked out in this process.

    Raises:
        Preempted: `stop` was set.
    """
    global _flag
    before, _flag = _flag, stop
    try:
        check_stop()
        return task()
    finally:
        _flag = before


def in_order(function: Callable[[T], R], items: Iterable[T], workers: int, stop: Flag | None = None) -> Iterator[R]:
    """The results of a function in the order of its items, whatever the number of workers.

    Args:
        function: of a module, so that other processes can find it.
        items: taken lazily, at most three for each worker ahead of what is consumed.
        workers: processes; 1 works in this one.
        stop: ends the work when it is set; None where whoever takes the results looks for that itself.

    Raises:
        Preempted: `stop` was set.
        TsugikiError: a process was killed.
    """
    if workers == 1:
        for item in items:
            yield run(partial(function, item), stop)
        return
    # Spawned, not forked: the calling process may run threads (progress, uploads) that a fork would freeze.
    context = multiprocessing.get_context("spawn")
    leave = context.Event()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(leave,)) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * workers:
                    yield _result(waiting.popleft(), stop)
            while waiting:
                yield _result(waiting.popleft(), stop)
        except BrokenProcessPool as error:
            raise TsugikiError(
                "a process that works for this one was killed, perhaps for want of memory; run the same command again"
            ) from error
        finally:
            leave.set()
            pool.shutdown(cancel_futures=True)


def side_by_side(tasks: Sequence[Callable[[], R]], workers: int, stop: Flag) -> list[R]:
    """The results of several tasks, worked out at the same time where there are workers for it.

    Raises:
        Preempted, TsugikiError: as `in_order`.
    """
    return list(in_order(_call, tasks, max(1, min(workers, len(tasks))), stop))


def _call(task: Callable[[], R]) -> R:
    return task()


def _result(future: Future[R], stop: Flag | None) -> R:
    while not wait([future], timeout=_POLL_SECONDS).done:
        if stop is not None and stop.is_set():
            raise Preempted("told to stop; the same command begins anew")
    return future.result()


def _begin(leave: Event) -> None:
    """Leave it to the calling process when work ends: Ctrl-C reaches every process of a terminal."""
    global _flag
    _flag = leave
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()

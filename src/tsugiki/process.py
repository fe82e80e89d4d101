"""Signals and errors of a process that runs stages: stop politely, die with the parent, explain in one line."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tsugiki.artifact import first_line
from tsugiki.errors import BAD_INPUT, DONE, FAILED, TsugikiError

FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set, so that the stage can save its state and leave."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Start processes inside that Ctrl-C does not reach: a terminal sends it to all, and the run tells them to stop."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it later would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent() -> None:
    """End this multiprocessing child at once when its parent is gone, so that a killed run leaves no process behind."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(128 + signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="die-with-parent").start()


def usable_cores() -> int:
    """Cores that this process may use: its share of a local run, else all it is scheduled on."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    return int(share) if share.isdecimal() and int(share) else len(os.sched_getaffinity(0))


def explain(error: BaseException) -> tuple[int, str]:
    """The exit code of an error and the one line that says what happened and what to do."""
    if isinstance(error, TsugikiError):
        return error.exit_code, " ".join(str(error).split())
    if is_full(error):
        return FAILED, f"no space left on the disk of {_place(error)}: free some, then run again"
    if _is_refused(error):
        return BAD_INPUT, f"{error}: change its permissions, or choose another place"
    if isinstance(error, MemoryError):
        return FAILED, "out of memory: give the stage more, or lower its batch size"
    place = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" ({Path(place.filename).name}:{place.lineno})" if place else ""
    return FAILED, f"{type(error).__name__}: {first_line(error)}{where}"


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is behind an error: libraries in Rust and C++ raise errors of their own over it."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or "(os error 28)" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_refused(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in REFUSED


def _place(error: BaseException) -> object:
    return getattr(error, "filename2", None) or getattr(error, "filename", None) or "the store or the logs"


def is_expected(error: BaseException) -> bool:
    """Whether the one line says it all; other errors deserve their traceback in the log."""
    return isinstance(error, TsugikiError) or is_full(error) or _is_refused(error)


def to_stderr(name: str) -> Callable[[str, int], None]:
    """Says why a command ends, on standard error."""

    def say(line: str, _code: int) -> None:
        print(f"{name}: {line}", file=sys.stderr)

    return say


def exit_code(command: Callable[[], None], say: Callable[[str, int], None]) -> int:
    """Run a command; the contract's exit code. Where it fails, `say` gets the line that explains it, and the code."""
    try:
        command()
    except Exception as error:
        if not is_expected(error):
            traceback.print_exc()
        code, line = explain(error)
        say(line, code)
        return code
    return DONE

"""The directory in which one machine works towards one artifact, held by one process at a time."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tsugiki.errors import TsugikiError
from tsugiki.store.files import remove, remove_empty

WORK = ".work"
"""Name of the directory of unfinished things below a root."""

_POLL_SECONDS = 0.1


class Busy(TsugikiError):
    """Another process holds the lock."""


def refuse() -> None:
    """Give up instead of waiting.

    Raises:
        Busy: always.
    """
    raise Busy("another process of this machine is at work at this address; let it end first")


@contextmanager
def hold(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file, made where it is missing. The kernel lets go of it when the process ends, however it does.

    Args:
        path: The lock file. Whoever holds it may remove it.
        on_wait: Called between tries while another holder has it; may raise to give up.
    """
    handle = _acquire(path, on_wait)
    try:
        yield
    finally:
        # Unlocked, not only closed: a forked child may still have the same open file.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _acquire(path: Path, on_wait: Callable[[], None]) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            continue  # a holder that left removed the directory between the two calls
        try:
            if _locked(handle):
                if _is_at(handle, path):
                    return handle
                os.close(handle)
                continue
            on_wait()
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        time.sleep(_POLL_SECONDS)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: the previous holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


class Area:
    """Lock, output and saved state of one address below one root on this machine."""

    def __init__(self, root: Path, address: str) -> None:
        self._top = root
        self._path = root / WORK / address
        self._lock = self._path / "lock"
        self.output = self._path / "output"
        self.state = self._path / "state"

    def spare(self, name: str) -> Path:
        """A place on the same file system that the next attempt clears."""
        return self._path / name

    def exists(self) -> bool:
        """Whether an attempt is being made or has left something."""
        return self._path.is_dir()

    @contextmanager
    def held(self, on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold this area; see `hold`."""
        with hold(self._lock, on_wait):
            yield

    def prepare(self) -> None:
        """Clear what a killed attempt left besides its state. Hold the area."""
        self._clear(keep={self._lock, self.state})
        self.output.mkdir()
        self.state.mkdir(exist_ok=True)

    def leave(self, keep_state: bool) -> None:
        """Remove the output, and everything where nothing saved is to be kept. Hold the area."""
        keep_state = keep_state and self.state.is_dir() and any(self.state.iterdir())
        self._clear(keep={self._lock, self.state} if keep_state else {self._lock})
        if not keep_state:
            remove(self._lock)
            remove_empty(self._path, self._top)

    def _clear(self, keep: set[Path]) -> None:
        for child in self._path.iterdir():
            if child not in keep:
                remove(child)

"""What a running stage is given besides its inputs: a directory that survives kills, a stop flag, a progress line."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tsugiki.errors import Preempted
from tsugiki.world import World

Report = Callable[[int, int, dict[str, float]], None]


def silent(_done: int, _total: int, _figures: dict[str, float]) -> None:
    """Report progress to nobody."""


def to_nobody(_text: str) -> None:
    """Say nothing."""


def nowhere(_names: tuple[str, ...]) -> None:
    """Keep files where they are: the directory itself survives."""


@dataclass(frozen=True)
class Shard:
    """One part of an artifact: the `index`-th (from 0) of `count`."""

    index: int
    count: int

    @property
    def suffix(self) -> str:
        """What follows the whole artifact's address in the address of the part."""
        return f".{self.index}-of-{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard that `INDEX/COUNT` names.

        Raises:
            ValueError: it names none.
        """
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise ValueError(f"{text!r} names no shard: write INDEX/COUNT, the index from 0")
        return cls(int(index), int(count))


@dataclass
class Work:
    """The state of one attempt at one artifact.

    A stage writes what it wants to find again under `path`, each file in one step (`os.replace`), and calls
    `save` so that it survives the loss of the machine too. An attempt that follows a kill finds it there.
    """

    path: Path
    """Directory of saved state; on a first attempt it is empty."""
    publish: Callable[[tuple[str, ...]], None] = nowhere
    """Makes the named files durable beyond this machine (an upload, where the store is remote)."""
    report: Report = silent
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the run was told to stop (SIGTERM): save, then call `check_stop`."""
    deadline: float | None = None
    """`time.monotonic()` value at which a soft time limit ends; None without a limit."""
    shard: Shard | None = None
    """The part of the artifact to make; None for the whole."""
    world: World = field(default_factory=World)
    """The processes that work at this artifact together."""
    keep: Callable[[tuple[str, ...]], None] = nowhere
    """As `publish`, for what is no progress: a stage that only ever does this is given up after its retries."""
    say: Callable[[str], None] = to_nobody
    """Tells whoever watches why nothing gets on for a while."""

    def save(self, *names: str) -> None:
        """Make files under `path` durable; a name that no longer exists is removed from where it was kept."""
        self.publish(names)

    def progress(self, done: int, total: int, **figures: float) -> None:
        """Say how far the stage is (`done` of `total`), with any figures worth watching (loss, tokens per second)."""
        self.report(done, total, figures)

    @property
    def stopping(self) -> bool:
        """Whether the stage was told to stop and should save its state now."""
        return self.stop.is_set()

    @property
    def seconds_left(self) -> float:
        """Seconds until the soft time limit; infinity without one."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def check_stop(self) -> None:
        """Leave if told to stop. Call it only when everything worth keeping is saved.

        Raises:
            Preempted: the run was told to stop.
        """
        if self.stopping:
            raise Preempted("told to stop; the state is saved, and the same command resumes it")

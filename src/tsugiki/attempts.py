"""The ledger of attempts: kept beside the saved state, so that failures, preemptions and time add up over pods."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from tsugiki.errors import BAD_INPUT, FAILED, OutOfTime, Preempted, TsugikiError
from tsugiki.store import Attempt

FILE = "attempts.json"


@dataclass(frozen=True)
class Run:
    """The run that an attempt belongs to: what it may spend on one artifact, and what it sets aside for it."""

    name: str
    """Identifies the run. Failures and time of another run at the same artifact do not count."""
    retries: int
    """Failures in a row without progress that do not end the stage."""


@dataclass(frozen=True)
class Allotment:
    """What an attempt has for itself while it runs; costs follow from it."""

    cpus: float = 0.0
    gpus: int = 0


class GivenUp(TsugikiError):
    """The failures that a run may spend on one artifact are spent: no further attempt is made."""

    exit_code = BAD_INPUT


class _Ledger(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    run: str
    attempts: int = 0
    failures: int = 0
    """Failures in a row of this run, none of which saved anything."""
    open: bool = False
    """An attempt began, and nothing says how it ended."""
    progressed: bool = False
    """The last attempt saved something."""
    last: str = ""
    """What the last failure said."""
    run_seconds: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0


@dataclass
class Spent:
    """What all attempts at an artifact took, this one included."""

    attempts: int
    seconds: float
    cpu_seconds: float
    gpu_seconds: float


@dataclass
class Book:
    """This attempt's page of the ledger. Without a run (one machine, nothing retries) nothing is written down."""

    attempt: Attempt
    run: Run | None
    allotment: Allotment
    _ledger: _Ledger = field(default_factory=lambda: _Ledger(run=""))
    _clock: float = field(default_factory=time.monotonic)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Write down that the attempt begins, and how it ends if it does not finish.

        Raises:
            GivenUp: more failures in a row than the run allows, this one included.
        """
        self._begin()
        try:
            yield
        except Preempted:
            self.close()
            raise
        except Exception as error:
            if isinstance(error, TsugikiError) and error.exit_code != FAILED:
                self._forget()
            else:
                self._fail(error)
            raise

    def publish(self, names: tuple[str, ...]) -> None:
        """Make saved state durable, as `Attempt.publish`, and count the attempt as one that got on."""
        if self.run is None:
            self.attempt.publish(names)
            return
        self._ledger.progressed, self._ledger.failures = True, 0
        self._write(names)

    def seconds_left(self, hours: float | None) -> float | None:
        """Seconds of `hours` that earlier attempts of this run have left; None without a limit.

        Raises:
            OutOfTime: nothing is left.
        """
        if hours is None:
            return None
        left = hours * 3600 - self._ledger.run_seconds
        if left <= 0:
            raise OutOfTime(
                f"the {hours:g} h of this stage are spent; the state is saved: "
                "raise its hours, or retry the workflow to go on from there"
            )
        return left

    def spent(self, gpus: int = 0) -> Spent:
        """What has been spent so far; `gpus` are those that the attempt turned out to use."""
        now, before = time.monotonic() - self._clock, self._ledger
        return Spent(
            attempts=max(1, before.attempts),
            seconds=before.seconds + now,
            cpu_seconds=before.cpu_seconds + now * self.allotment.cpus,
            gpu_seconds=before.gpu_seconds + now * max(gpus, self.allotment.gpus),
        )

    def _begin(self) -> None:
        if self.run is None:
            return
        self._ledger = self._read(self.run)
        if self._ledger.open and not self._ledger.progressed:
            # it vanished without a word and had saved nothing: out of memory, most likely
            self._ledger.failures += 1
            self._ledger.last = "ended without a word (out of memory, or its machine was lost)"
        self._give_up_if_spent(None)
        self._ledger.attempts += 1
        self._ledger.open, self._ledger.progressed = True, False
        self._write(())

    def _read(self, run: Run) -> _Ledger:
        try:
            found = _Ledger.model_validate_json((self.attempt.state / FILE).read_bytes())
        except (FileNotFoundError, ValidationError):
            return _Ledger(run=run.name)
        if found.run != run.name:
            return found.model_copy(update={"run": run.name, "failures": 0, "open": False, "run_seconds": 0.0})
        return found

    def _fail(self, error: Exception) -> None:
        if self.run is None:
            return
        self._ledger.failures += 1
        self._ledger.last = " ".join(str(error).split()) or type(error).__name__
        self.close()
        self._give_up_if_spent(error)

    def _give_up_if_spent(self, cause: Exception | None) -> None:
        if self.run is not None and self._ledger.failures > self.run.retries:
            raise GivenUp(
                f"{self._ledger.last} (failure {self._ledger.failures} in a row without progress, so it is not tried "
                "again: mend the cause, then retry the workflow)"
            ) from cause

    def close(self) -> None:
        """Write down that the attempt ended, and not by a fault of its own."""
        if self.run is not None:
            self._ledger.open = False
            # where the store is what failed, the next attempt finds an attempt that ended without a word
            with suppress(TsugikiError):
                self._write(())

    def _forget(self) -> None:
        """Leave nothing of an attempt that no other follows."""
        if self.run is not None:
            (self.attempt.state / FILE).unlink(missing_ok=True)
            self.attempt.publish((FILE,))

    def _write(self, names: tuple[str, ...]) -> None:
        """Keep what was spent until now, together with other state."""
        spent, ledger = self.spent(), self._ledger
        now = spent.seconds - ledger.seconds
        kept = ledger.model_copy(
            update={
                "run_seconds": ledger.run_seconds + now,
                "seconds": spent.seconds,
                "cpu_seconds": spent.cpu_seconds,
                "gpu_seconds": spent.gpu_seconds,
            }
        )
        part = self.attempt.state / f"{FILE}.part"
        part.write_text(kept.model_dump_json(), encoding="utf-8")
        part.replace(self.attempt.state / FILE)
        self.attempt.publish((*names, FILE))

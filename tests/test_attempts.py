"""The ledger of attempts: what counts as a failure, when a run gives up, and what all attempts took."""

from collections import deque
from pathlib import Path

import pytest

from tests.toys import WriteConfig
from tsugiki.artifact import Metrics, Record
from tsugiki.attempts import Allotment, GivenUp, Run
from tsugiki.errors import BadInput, OutOfTime, Preempted, TsugikiError
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Pages
from tsugiki.rows import Page
from tsugiki.stage import Resources, stage
from tsugiki.store import Store, open_store

ACTS: deque[str] = deque()


class Vanished(BaseException):
    """Stands for SIGKILL: nothing that follows is executed."""


@stage(image="data", resources=Resources())
def act(out: Pages, config: WriteConfig) -> Metrics:
    """Do what the test put on the list, one entry an attempt."""
    for verb in ACTS.popleft().split():
        if verb == "save":
            (out.work.path / "steps").write_text("1")
            out.work.save("steps")
        elif verb == "fail":
            raise TsugikiError("the disk is full")
        elif verb == "refuse":
            raise BadInput("a text is empty")
        elif verb == "preempt":
            raise Preempted("told to stop")
        elif verb == "late":
            raise OutOfTime("late")
        elif verb == "vanish":
            raise Vanished
    return out.write([Page(title="a", text="b")]).metrics()


CALL = act.call(WriteConfig(texts=()))


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store over a directory and one over a real S3 server."""
    root = str(tmp_path / "store") if request.param == "directory" else request.getfixturevalue("s3_root")
    return open_store(root, cache=tmp_path / "cache")


def attempt(store: Store, run: str = "run-1", retries: int = 2, hours: float | None = None) -> Record:
    return execute(CALL, store, Conditions(run=Run(run, retries), hours=hours, allotment=Allotment(2.0, 3))).record


def attempts(store: Store, *acts: str) -> list[type[BaseException] | int]:
    """How each of these attempts ended: its error's type, or the number of attempts in the record."""
    ACTS.clear()
    ACTS.extend(acts)
    ended: list[type[BaseException] | int] = []
    for _ in acts:
        try:
            ended.append(attempt(store).attempts)
        except (TsugikiError, Vanished) as error:
            ended.append(type(error))
    return ended


def test_the_last_failure_that_a_run_allows_is_final(store: Store) -> None:
    assert attempts(store, "fail", "fail", "fail") == [TsugikiError, TsugikiError, GivenUp]
    ACTS.append("work")
    with pytest.raises(GivenUp, match=r"the disk is full \(failure 3 in a row without progress") as given_up:
        attempt(store)
    assert given_up.value.exit_code == 2
    assert ACTS, "a stage that was given up must not be started again"


def test_preemptions_do_not_count(store: Store) -> None:
    assert attempts(store, *["preempt"] * 6, "fail", "work") == [Preempted] * 6 + [TsugikiError, 8]


def test_progress_between_failures_starts_the_count_anew(store: Store) -> None:
    ended = attempts(store, "fail", "fail", "save fail", "fail", "work")
    assert ended == [TsugikiError, TsugikiError, TsugikiError, TsugikiError, 5]


def test_an_attempt_that_vanished_counts_only_without_progress(store: Store) -> None:
    assert attempts(store, *["save vanish"] * 5, "work") == [Vanished] * 5 + [6]


def test_attempts_that_vanish_without_progress_end_the_run(store: Store) -> None:
    assert attempts(store, "vanish", "vanish", "vanish") == [Vanished] * 3
    with pytest.raises(GivenUp, match="ended without a word"):
        attempt(store)


def test_another_run_may_fail_anew(store: Store) -> None:
    attempts(store, "fail", "fail", "fail")
    ACTS.extend(["fail", "work"])
    with pytest.raises(TsugikiError, match="^the disk is full$"):
        attempt(store, run="run-2")
    assert attempt(store, run="run-2").attempts == 5


def test_bad_input_leaves_nothing_behind(store: Store) -> None:
    assert attempts(store, "refuse") == [BadInput]
    ACTS.append("work")
    assert attempt(store).attempts == 1


def test_time_adds_up_over_the_attempts_of_a_run(store: Store) -> None:
    ACTS.clear()
    ACTS.extend(["preempt", "work"])
    with pytest.raises(Preempted):
        attempt(store, hours=1.0)
    # what the first attempt took is more than this
    with pytest.raises(OutOfTime, match="h of this stage are spent"):
        attempt(store, hours=1e-12)
    assert attempt(store, run="run-2", hours=1.0).attempts == 3


def test_a_record_holds_what_all_attempts_took(store: Store) -> None:
    ACTS.clear()
    ACTS.extend(["save preempt", "work"])
    with pytest.raises(Preempted):
        attempt(store)
    record = attempt(store)
    assert record.seconds > 0
    assert record.cpu_seconds == pytest.approx(2 * record.seconds, abs=0.01)
    assert record.gpu_seconds == pytest.approx(3 * record.seconds, abs=0.01)
    state = store.list("pages/")
    assert list(state) == [CALL.address]


def test_without_a_run_nothing_is_written_down(store: Store) -> None:
    ACTS.clear()
    ACTS.extend(["fail"] * 5 + ["work"])
    for _ in range(5):
        with pytest.raises(TsugikiError, match="^the disk is full$"):
            execute(CALL, store, Conditions())
    assert execute(CALL, store, Conditions()).record.attempts == 1

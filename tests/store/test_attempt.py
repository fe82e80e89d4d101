"""What both stores promise about work that is under way: one process at a time, and state that survives."""

import multiprocessing
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.store.helpers import ADDRESS, Place, commit, in_process, write_files
from tsugiki.store import Store
from tsugiki.store.area import Busy


class GaveUp(Exception):
    """Raised by a test that waits no longer."""


def give_up() -> None:
    raise GaveUp


def local_work(place: Place) -> list[Path]:
    """Everything below every directory of unfinished things on this machine."""
    tops = [Path(place.root), place.caches]
    return [path for top in tops for work in top.rglob(".work") for path in work.rglob("*") if path.is_file()]


def test_an_attempt_that_commits_leaves_nothing(store: Store, place: Place) -> None:
    with store.attempt(ADDRESS) as attempt:
        assert list(attempt.output.iterdir()) == list(attempt.state.iterdir()) == []
        (attempt.state / "checkpoint").write_text("half")
        attempt.publish(("checkpoint",))
        files = commit(store, write_files(attempt.output))
    assert {key.rpartition("/")[0].split("/")[0] for key in place.contents()} == {"corpus"}
    assert len(place.contents()) == len(files) + 1
    assert local_work(place) == []


def test_state_outlives_a_failure_and_output_does_not(store: Store, place: Place) -> None:
    with suppress(GaveUp), store.attempt(ADDRESS) as attempt:
        write_files(attempt.output)
        write_files(attempt.state / "checkpoint-1")
        (attempt.state / "seen.json").write_text("[1]")
        attempt.publish(("checkpoint-1", "seen.json"))
        give_up()
    for machine in ("here", "elsewhere"):
        with suppress(GaveUp), place.open(machine).attempt(ADDRESS) as attempt:
            assert list(attempt.output.iterdir()) == []
            assert (attempt.state / "seen.json").read_text() == "[1]"
            assert (attempt.state / "checkpoint-1/sub/deep/b.bin").stat().st_size == 70_000
            give_up()


def test_published_names_follow_the_directory(store: Store, place: Place) -> None:
    with suppress(GaveUp), store.attempt(ADDRESS) as attempt:
        write_files(attempt.state / "checkpoint-1", seed=1)
        (attempt.state / "kept").write_text("old")
        attempt.publish(("checkpoint-1", "kept"))
        (attempt.state / "checkpoint-1").rename(attempt.state / "checkpoint-2")
        (attempt.state / "kept").write_text("new")
        attempt.publish(("checkpoint-1", "checkpoint-2", "kept"))
        give_up()
    for machine in ("here", "elsewhere"):
        with suppress(GaveUp), place.open(machine).attempt(ADDRESS) as attempt:
            assert sorted(path.name for path in attempt.state.iterdir()) == ["checkpoint-2", "kept"]
            assert (attempt.state / "kept").read_text() == "new"
            give_up()


def test_one_process_at_a_time(store: Store, place: Place) -> None:
    taken = multiprocessing.get_context("fork").Event()

    def hold() -> None:
        with place.open().attempt(ADDRESS):
            taken.set()
            signal.pause()

    holder = in_process(hold)
    assert taken.wait(30)
    with pytest.raises(GaveUp), store.attempt(ADDRESS, give_up):
        pytest.fail("two processes are at work at one address")
    with pytest.raises(Busy, match="another process"):
        store.delete(ADDRESS)
    store.discard_work(ADDRESS)
    with store.attempt("corpus/other-1", give_up):
        pass
    with store.attempt(ADDRESS, lambda: os.kill(holder.pid or 0, signal.SIGKILL)):
        pass
    holder.join()
    assert local_work(place) == []


def test_what_a_killed_attempt_left_can_be_discarded(store: Store, place: Place) -> None:
    def work() -> None:
        with place.open().attempt(ADDRESS) as attempt:
            write_files(attempt.output)
            write_files(attempt.state / "checkpoint")
            attempt.publish(("checkpoint",))
            os.kill(os.getpid(), signal.SIGKILL)

    in_process(work).join()
    assert local_work(place)
    store.discard_work(ADDRESS)
    store.discard_work(ADDRESS)
    assert place.contents() == {}
    assert local_work(place) == []

"""Writers who race for one address: one wins, nothing mixes, and the others leave nothing."""

import multiprocessing
from collections.abc import Callable, MutableSequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Barrier

import pytest

from tests.store.helpers import Place, in_process, record_of, write_files
from tsugiki.store import hash_directory

WRITERS = 3
ROUNDS = 20


def address_of(turn: int) -> str:
    return f"corpus/race-{turn}"


def seed_of(turn: int, writer: int, different: bool) -> int:
    return turn * WRITERS + (writer if different else 0)


class Race:
    """Every round is one address, for which all writers are ready before the first commits."""

    def __init__(self, place: Place, scratch: Path, different: bool) -> None:
        self.place = place
        self.scratch = scratch
        self.different = different

    def run(self, writer: int, won: MutableSequence[int], ready: Callable[[], object]) -> None:
        """All rounds of one writer, on a machine of its own."""
        store = self.place.open(f"machine-{writer}")
        for turn in range(ROUNDS):
            seed = seed_of(turn, writer, self.different)
            source = write_files(self.scratch / f"{turn}-{writer}", seed)
            files = hash_directory(source)
            record = record_of(files, writer)
            ready()
            won[turn * WRITERS + writer] = store.commit(address_of(turn), source, record, files)
            assert not source.exists()

    def check(self, won: MutableSequence[int]) -> None:
        """In each round exactly one writer won, and what lies there is its artifact and nothing else."""
        store = self.place.open("reader")
        total = 0
        for turn in range(ROUNDS):
            flags = won[turn * WRITERS : (turn + 1) * WRITERS]
            assert sorted(flags) == [0] * (WRITERS - 1) + [1], flags
            winner = list(flags).index(1)
            seed = seed_of(turn, winner, self.different)
            files = hash_directory(write_files(self.scratch / f"{turn}-expected", seed))
            assert store.read_record(address_of(turn)) == record_of(files, winner)
            store.verify(address_of(turn), files, hashes=True)
            total += len(files) + 1
        assert len(self.place.contents()) == total


@pytest.fixture(params=[False, True], ids=["identical", "different"])
def race(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Race:
    return Race(place, tmp_path, request.param)


def test_threads(race: Race) -> None:
    barrier, won = Barrier(WRITERS, timeout=60), [-1] * WRITERS * ROUNDS
    with ThreadPoolExecutor(WRITERS) as pool:
        tasks = [pool.submit(race.run, writer, won, barrier.wait) for writer in range(WRITERS)]
    for task in tasks:
        task.result()
    race.check(won)


def test_processes(race: Race) -> None:
    context = multiprocessing.get_context("fork")
    barrier, won = context.Barrier(WRITERS, timeout=60), context.Array("b", [-1] * WRITERS * ROUNDS)

    def start(writer: int) -> BaseProcess:
        return in_process(lambda: race.run(writer, won, barrier.wait))  # type: ignore[arg-type]

    for process in [start(writer) for writer in range(WRITERS)]:
        process.join()
        assert process.exitcode == 0
    race.check(won)  # type: ignore[arg-type]

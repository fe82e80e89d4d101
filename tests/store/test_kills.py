"""kill -9 at random moments of an attempt, then the same again: complete, equal, and nothing left behind."""

import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.store.helpers import ADDRESS, MIB, Place, in_process, record_of, write_files
from tsugiki.store import Store, hash_directory

KILLS = 20
TURNS = 200
SAVED = "part.bin"


def attempt(store: Store, large: bool) -> None:
    """What a runner does: look, hold, save, write, commit; and clear up where the artifact is there already."""
    if store.read_record(ADDRESS) is not None:
        store.discard_work(ADDRESS)
        return
    with store.attempt(ADDRESS) as work:
        for seed in (1, 2):
            (work.state / SAVED).write_bytes(random.Random(seed).randbytes(50_000))
            work.publish((SAVED,))
        write_files(work.output)
        if large:
            (work.output / "weights.bin").write_bytes(random.Random(3).randbytes(6 * MIB))
        files = hash_directory(work.output)
        assert store.commit(ADDRESS, work.output, record_of(files), files)


def unfinished(place: Place) -> list[Path]:
    """Files of attempts and downloads on every machine."""
    tops = [Path(place.root), place.caches]
    hidden = [folder for top in tops for name in (".work", ".fetch") for folder in top.rglob(name)]
    return [path for folder in hidden for path in folder.rglob("*") if path.is_file()]


def seconds_of(process: BaseProcess) -> float:
    """Wall time until a process ends well."""
    started = time.monotonic()
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - started


@pytest.mark.parametrize("machine", ["same", pytest.param("other", marks=pytest.mark.slow)])
def test_killed_and_repeated(place: Place, machine: str) -> None:
    remote = place.server is not None
    here, then = place.open("same"), place.open(machine)
    for _ in range(2):  # the first time also loads modules
        here.delete(ADDRESS)
        duration = seconds_of(in_process(lambda: attempt(place.open("same"), remote)))
    expected = place.contents()
    generator = random.Random(f"{machine} {remote}")
    kills = 0
    for turn in range(TURNS):
        if kills == KILLS:
            break
        here.delete(ADDRESS)
        process = in_process(lambda: attempt(place.open("same"), remote))
        process.join(generator.uniform(0, duration))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        attempt(then, remote)
        attempt(then, remote)
        assert place.contents() == expected, f"kill {turn}"
        here.discard_work(ADDRESS)
        assert unfinished(place) == []
    assert kills == KILLS

"""Work spread over processes: order, laziness, faults that come through, and leaving when told to."""

import os
import threading
import time

import pytest

from tsugiki.errors import BadInput, Preempted, TsugikiError
from tsugiki.pool import check_stop, in_order

NEVER = threading.Event()


def square(number: int) -> int:
    if number < 0:
        raise BadInput(f"{number} is negative")
    return number * number


def die(_number: int) -> int:
    os._exit(9)


def work_until_told(_number: int) -> int:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        check_stop()
    return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    assert list(in_order(square, range(50), workers, NEVER)) == [n * n for n in range(50)]


@pytest.mark.parametrize("workers", [1, 2])
def test_items_are_taken_a_few_at_a_time(workers):
    taken = []
    results = in_order(square, (taken.append(n) or n for n in range(1000)), workers, NEVER)
    assert next(results) == 0
    assert len(taken) <= 3 * workers
    results.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_comes_through_as_it_was_raised(workers):
    results = in_order(square, [3, -1, 4], workers, NEVER)
    assert next(results) == 9
    with pytest.raises(BadInput, match="-1 is negative"):
        next(results)


def test_a_killed_process_is_explained():
    with pytest.raises(TsugikiError, match="was killed, perhaps for want of memory"):
        list(in_order(die, [1, 2], 2, NEVER))


@pytest.mark.parametrize("workers", [1, 2])
def test_it_leaves_when_told_to(workers):
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    with pytest.raises(Preempted):
        list(in_order(work_until_told, [1, 2, 3], workers, stop))
    timer.join()

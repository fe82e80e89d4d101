"""Work spread over processes: order, laziness, faults that come through, and leaving when told to."""

import os
import threading
from functools import partial

import pytest

from tsugiki.errors import BadInput, Preempted, TsugikiError
from tsugiki.pool import check_stop, in_order, run, side_by_side

NEVER = threading.Event()


def square(number: int) -> int:
    if number < 0:
        raise BadInput(f"{number} is negative")
    return number * number


def die(_number: int) -> int:
    os._exit(9)


def work_until_told(_number: int) -> int:
    while True:
        check_stop()


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


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_side_by_side_give_their_results_in_their_order(workers):
    assert side_by_side([partial(square, 3), partial(pow, 2, 5)], workers, NEVER) == [9, 32]
    assert side_by_side([], workers, NEVER) == []


def test_a_task_run_here_can_be_stopped_and_leaves_no_flag_behind():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Preempted):
        run(partial(square, 3), stop)
    check_stop()
    assert run(partial(square, 3), NEVER) == 9

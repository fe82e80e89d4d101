"""Machines that train together: they meet, tell each other's ends apart, and come back after any of them was lost."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from jobs.make_background import make_background
from jobs.make_base import make_base
from jobs.train_cpt import train_cpt
from tests.machines import PATIENCE, Machines, free_port
from tests.train import tiny
from tsugiki.artifact import require_record
from tsugiki.errors import BAD_INPUT, OUT_OF_TIME, PREEMPTED, BadInput, Preempted
from tsugiki.execute import Conditions, execute
from tsugiki.launch import telling
from tsugiki.meeting import Node, Patience, meet
from tsugiki.sample.config import SampleConfig
from tsugiki.store import open_store

STEPS = 150
SAMPLE = SampleConfig(seed=1, works=4, asked_works=2, retellings=1, background_works=4, novels=4, asked_novels=2)


QUICK = Patience(PATIENCE, 0.02)


def never() -> bool:
    return False


def test_machines_meet_in_whatever_order_they_come() -> None:
    port = free_port()
    with ThreadPoolExecutor() as pool:
        late = [pool.submit(meet, Node(index, 3, "localhost", port), never, QUICK) for index in (2, 1)]
        first = meet(Node(0, 3, "localhost", port), never, QUICK)
        found = [first, *(each.result() for each in late)]
    assert first is not None
    assert {each.name for each in found if each} == {first.name}
    assert {each.port for each in found if each} == {port}


def test_a_machine_that_comes_back_waits_for_the_others_to_notice() -> None:
    """It must not join the round that its predecessor has left."""
    port = free_port()
    with ThreadPoolExecutor() as pool:
        second = pool.submit(meet, Node(1, 2, "localhost", port), never, QUICK)
        round_one = meet(Node(0, 2, "localhost", port), never, QUICK)
        second.result()
        looks = iter([False, True])
        back = pool.submit(meet, Node(1, 2, "localhost", port), lambda: next(looks), QUICK)
        assert back.result() is None
    assert round_one is not None


def test_nobody_waits_for_work_that_is_done() -> None:
    for index in (0, 1):
        assert meet(Node(index, 2, "localhost", free_port()), lambda: True) is None


def test_machines_that_do_not_come_are_named() -> None:
    short = Patience(0.1, 0.02)
    with pytest.raises(Preempted, match="machines 1, 2 of 3 did not come"):
        meet(Node(0, 3, "localhost", 0), never, short)
    port = free_port()
    with pytest.raises(Preempted, match=f"machine 0 did not begin at localhost:{port}"):
        meet(Node(1, 3, "localhost", port), never, short)


def test_a_machine_is_what_its_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Node.here(1) == Node(0, 1, "localhost", 0)
    monkeypatch.setenv("TSUGIKI_RENDEZVOUS", "train-0.nodes:29500")
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    assert Node.here(2) == Node(1, 2, "train-0.nodes", 29500)
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "2")
    with pytest.raises(BadInput, match="JOB_COMPLETION_INDEX is '2': set it to this machine's number, 0 to 1"):
        Node.here(2)
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "0")
    monkeypatch.setenv("TSUGIKI_RENDEZVOUS", "train-0.nodes")
    with pytest.raises(BadInput, match="TSUGIKI_RENDEZVOUS is 'train-0.nodes'"):
        Node.here(2)


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ([(0, PREEMPTED), (0, PREEMPTED)], PREEMPTED),
        ([(0, PREEMPTED), (0, BAD_INPUT)], BAD_INPUT),
        ([(2, PREEMPTED), (1, 1)], 1),
        ([(1, OUT_OF_TIME), (1, PREEMPTED)], OUT_OF_TIME),
        ([(0, -signal.SIGKILL), (3, PREEMPTED)], 128 + signal.SIGKILL),
        ([(0, PREEMPTED), (31, -signal.SIGKILL)], PREEMPTED),
        ([(0, BAD_INPUT), (1, -signal.SIGTERM)], BAD_INPUT),
        ([(0, -signal.SIGTERM)], PREEMPTED),
    ],
    ids=["preempted", "bad input", "failed", "out of time", "out of memory", "straggler", "stopped", "only stopped"],
)
def test_the_exit_code_is_that_of_the_process_that_caused_the_end(ends: list[tuple[int, int]], code: int) -> None:
    failures = [ProcessFailure(local_rank=0, pid=0, exitcode=end, error_file="") for _, end in ends]
    for failure, (seconds, _) in zip(failures, ends, strict=True):
        failure.timestamp = 1_000_000 + seconds
    assert telling(failures) == code


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A tiny base and texts, and two machines to train on them; every step is saved."""
    store = open_store(str(tmp_path / "store"))
    background = make_background.call(SAMPLE)
    base = make_base.call(background.output, tiny.base_config("llama", epochs=1))
    for call in (background, base):
        execute(call, store, Conditions())
    config = tiny.cpt_config("llama", epochs=None, max_steps=STEPS, forward_tokens=96, save_every=1)
    made = Machines(store, train_cpt.call(base.output, background.output, config))
    yield made
    made.end()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_machines_train_one_artifact_through_losses(machines: Machines) -> None:
    machines.start()
    machines.reach(STEPS // 10)
    machines.kill(1)
    assert machines.codes() == [PREEMPTED, -signal.SIGKILL]
    saved = machines.step()
    machines.start()
    machines.reach(saved + 1)
    machines.running[1].terminate()
    assert machines.codes() == [PREEMPTED, PREEMPTED]
    assert saved < machines.step() < STEPS
    machines.start()
    assert machines.codes() == [0, 0]
    record = require_record(machines.store, machines.call.address)
    assert (record.metrics["steps"], record.metrics["ranks"], record.attempts) == (STEPS, 2, 3)
    log = Path(machines.store.root, machines.call.address, "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == list(range(1, STEPS + 1))
    machines.start()
    assert machines.codes() == [0, 0]

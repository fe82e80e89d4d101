"""Training on two GPUs through NCCL, as one machine with both and as two machines with one each."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from jobs.make_background import make_background
from jobs.make_base import make_base
from jobs.train_cpt import train_cpt
from tests.machines import Machines
from tests.train import tiny
from tests.train.test_distributed import compare
from tsugiki.artifact import require_record
from tsugiki.errors import PREEMPTED
from tsugiki.execute import Conditions, execute
from tsugiki.sample.config import SampleConfig
from tsugiki.store import open_store

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(600),
    pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs"),
]

STEPS = 60
SOON = 60.0
SAMPLE = SampleConfig(seed=1, works=4, asked_works=2, retellings=1, background_works=8, novels=8, asked_novels=2)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A tiny base and texts; one machine with two GPUs."""
    store = open_store(str(tmp_path / "store"))
    background = make_background.call(SAMPLE)
    base = make_base.call(background.output, tiny.base_config("llama", epochs=1))
    for call in (background, base):
        execute(call, store, Conditions())
    config = tiny.cpt_config("llama", epochs=None, max_steps=STEPS, forward_tokens=128, save_every=1, batch_size=8)
    made = Machines(store, train_cpt.call(base.output, background.output, config), count=1, gpus=2)
    yield made
    made.end()


def test_two_gpus_give_what_one_gives(machines: Machines) -> None:
    machines.start()
    assert machines.codes() == [0]
    address = machines.call.address
    record = require_record(machines.store, address)
    assert record.metrics["ranks"] == 2
    assert record.gpu_seconds == pytest.approx(2 * record.seconds, rel=0.01)
    two = Path(machines.store.root, address).rename(Path(machines.store.root, "two"))
    machines.gpus = 1
    machines.start()
    assert machines.codes() == [0]
    compare(Path(machines.store.root, address), two)


@pytest.mark.parametrize("link", ["memory", "network"])
def test_machines_that_lost_one_end_soon_and_go_on_from_what_is_saved(machines: Machines, link: str) -> None:
    """Through memory NCCL would wait for the lost rank until its own time limit; over a network it sees the loss."""
    machines.count, machines.gpus = 2, 1
    if link == "network":
        machines.environment = {"NCCL_P2P_DISABLE": "1", "NCCL_SHM_DISABLE": "1"}
    machines.start()
    machines.reach(5)
    machines.kill(1)
    started = time.monotonic()
    assert machines.codes() == [PREEMPTED, -signal.SIGKILL]
    assert time.monotonic() - started < SOON
    machines.start()
    assert machines.codes() == [0, 0]
    assert require_record(machines.store, machines.call.address).attempts == 2


def test_a_process_that_is_killed_is_a_failure_of_its_machine(machines: Machines) -> None:
    """Most likely it was out of memory, and would be so again."""
    machines.start()
    machines.reach(5)
    pid = machines.running[0].pid
    first = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0]
    import os

    os.kill(int(first), signal.SIGKILL)
    started = time.monotonic()
    assert machines.codes() == [128 + signal.SIGKILL]
    assert time.monotonic() - started < SOON

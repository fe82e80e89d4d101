"""Several processes at one training: the same result as one, and no rank is left waiting for another that is gone."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.distributed import TCPStore

from tests.train import tiny
from tsugiki.errors import BAD_INPUT, FAILED, OUT_OF_TIME, PREEMPTED
from tsugiki.process import exit_code, stop_on_signals, to_stderr
from tsugiki.train.config import Training
from tsugiki.train.cpt import train_cpt
from tsugiki.train.data import deal
from tsugiki.train.sft import train_sft
from tsugiki.work import Work
from tsugiki.world import join

FORK = multiprocessing.get_context("fork")
SOON = 30.0
"""Seconds within which the loss of a peer ends a rank, on a busy machine."""


def cpt(base: Path, out: Path, work: Work, config: Training) -> None:
    train_cpt(base, tiny.TEXTS, out, work, config)  # type: ignore[arg-type]


def sft(base: Path, out: Path, work: Work, config: Training) -> None:
    train_sft(base, tiny.CHATS, out, work, config)  # type: ignore[arg-type]


def never(_step: int, _pids: list[int]) -> None:
    """Leave the ranks alone."""


@dataclass
class Team:
    """Ranks that train in processes forked from this one; their states lie below `folder`, and so does `out`."""

    folder: Path
    base: Path
    config: Training
    train: Callable[[Path, Path, Work, Training], None] = cpt
    disturb: Callable[[int, list[int]], None] = never
    """Called by the leading rank after each step with the ids of the other ranks' processes."""
    hours: float = 1.0
    processes: list[BaseProcess] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """What the leading rank wrote."""
        return self.folder / "out"

    def run(self, size: int) -> list[int | None]:
        """Exit code of each rank."""
        store = TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
        self.processes = []
        for rank in reversed(range(size)):
            pids = [process.pid or 0 for process in self.processes]
            process = FORK.Process(target=self._rank, args=(rank, size, store.port, pids))
            process.start()
            self.processes.insert(0, process)
        for process in self.processes:
            process.join()
        return [process.exitcode for process in self.processes]

    def _rank(self, rank: int, size: int, port: int, pids: list[int]) -> None:
        os.environ |= {"RANK": f"{rank}", "WORLD_SIZE": f"{size}", "MASTER_ADDR": "localhost", "MASTER_PORT": f"{port}"}
        os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        stop = stop_on_signals()

        def body() -> None:
            world = join()
            work = tiny.work(self.folder / f"rank-{rank}")
            work.stop, work.world = stop, world
            if world.leads:
                work.deadline = time.monotonic() + self.hours * 3600
                work.report = lambda step, _total, _figures: self.disturb(step, pids)
            self.train(self.base, self.out, work, self.config)
            world.close()

        os._exit(exit_code(body, to_stderr(f"rank {rank}")))


def curve(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def compare(one: Path, several: Path) -> None:
    """Fail unless curve and weights are the same up to the order of sums."""
    for mine, other in zip(curve(one), curve(several), strict=True):
        assert other == pytest.approx(mine, rel=1e-4)
    (weights,) = one.glob("*.safetensors")
    here, there = load_file(weights), load_file(several / weights.name)
    assert here.keys() == there.keys()
    for name, tensor in here.items():
        torch.testing.assert_close(there[name], tensor, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "changes"),
    [
        (2, {"packing": "documents"}),
        (2, {"packing": "rows", "epochs": 4}),
        (3, {"packing": "none", "batch_size": 1, "gradient_accumulation": 5}),
        (3, {"forward_tokens": 1024}),
    ],
    ids=["documents", "rows", "accumulation", "ranks without a batch"],
)
def test_several_ranks_give_what_one_gives(
    bases: dict[str, Path], tmp_path: Path, size: int, changes: dict[str, Any]
) -> None:
    """Adapters drop a tenth of their inputs, and the last step of an epoch is smaller than the others."""
    config = tiny.cpt_config("llama", **{"forward_tokens": 96, "batch_size": 3, **changes})
    cpt(bases["llama"], tmp_path / "one", tiny.work(tmp_path / "work"), config)
    team = Team(tmp_path / "team", bases["llama"], config)
    assert team.run(size) == [0] * size
    compare(tmp_path / "one", team.out)
    assert [path.name for path in (team.folder / "rank-1").iterdir()] == []


def test_all_parameters_are_trained_together_too(bases: dict[str, Path], tmp_path: Path) -> None:
    config = tiny.sft_config(forward_tokens=200)
    sft(bases["llama"], tmp_path / "one", tiny.work(tmp_path / "work"), config)
    team = Team(tmp_path / "team", bases["llama"], config, sft)
    assert team.run(2) == [0, 0]
    compare(tmp_path / "one", team.out)


@pytest.fixture(scope="module")
def long(bases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Two ranks that were never disturbed, over 12 steps; every second step is saved."""
    config = tiny.cpt_config("llama", forward_tokens=96, epochs=4)
    team = Team(tmp_path_factory.mktemp("long"), bases["llama"], config)
    assert team.run(2) == [0, 0]
    return team


def send(number: signal.Signals, at: int, to_leader: bool = False) -> Callable[[int, list[int]], None]:
    """Send a signal to the second rank, or to the first, after a step."""

    def disturb(step: int, pids: list[int]) -> None:
        if step == at:
            os.kill(os.getpid() if to_leader else pids[0], number)

    return disturb


@pytest.mark.parametrize("to_leader", [False, True], ids=["second", "first"])
def test_told_to_stop_one_rank_takes_all_along_and_they_resume_exactly(
    long: Team, tmp_path: Path, to_leader: bool
) -> None:
    team = Team(tmp_path, long.base, long.config, disturb=send(signal.SIGTERM, 3, to_leader))
    assert team.run(2) == [PREEMPTED, PREEMPTED]
    saved = torch.load(tmp_path / "rank-0" / "training.pt", weights_only=True)
    assert 3 <= saved["step"] < 12
    team.disturb = never
    assert team.run(2) == [0, 0]
    assert tiny.digests(team.out) == tiny.digests(long.out)


def test_moments_of_8_bits_are_resumed_by_every_rank(bases: dict[str, Path], tmp_path: Path) -> None:
    optimizer = tiny.OPTIMIZER.model_copy(update={"name": "adamw_8bit"})
    config = tiny.sft_config(forward_tokens=200, optimizer=optimizer)
    undisturbed = Team(tmp_path / "a", bases["llama"], config, sft)
    assert undisturbed.run(2) == [0, 0]
    team = Team(tmp_path / "b", bases["llama"], config, sft, send(signal.SIGTERM, 3))
    assert team.run(2) == [PREEMPTED, PREEMPTED]
    team.disturb = never
    assert team.run(2) == [0, 0]
    assert tiny.digests(team.out) == tiny.digests(undisturbed.out)


@pytest.mark.parametrize("to_leader", [False, True], ids=["second", "first"])
def test_a_killed_rank_ends_the_others_at_once_and_they_resume_exactly(
    long: Team, tmp_path: Path, to_leader: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    team = Team(tmp_path, long.base, long.config, disturb=send(signal.SIGKILL, 5, to_leader))
    started = time.monotonic()
    codes = team.run(2)
    assert time.monotonic() - started < SOON
    assert codes == ([-signal.SIGKILL, PREEMPTED] if to_leader else [PREEMPTED, -signal.SIGKILL])
    assert "a peer left; the state of step 4 is saved, and the same command resumes it" in capfd.readouterr().err
    team.disturb = never
    assert team.run(2) == [0, 0]
    assert tiny.digests(team.out) == tiny.digests(long.out)


def test_all_leave_when_the_time_of_the_leading_rank_ends(long: Team, tmp_path: Path) -> None:
    team = Team(tmp_path, long.base, long.config, hours=0.0)
    assert team.run(2) == [OUT_OF_TIME, OUT_OF_TIME]
    assert torch.load(tmp_path / "rank-0" / "training.pt", weights_only=True)["step"] == 1


def test_a_gate_that_fails_ends_all_ranks(long: Team, tmp_path: Path) -> None:
    optimizer = tiny.OPTIMIZER.model_copy(update={"learning_rate": 1e30})
    team = Team(tmp_path, long.base, long.config.model_copy(update={"optimizer": optimizer}))
    assert team.run(2) == [BAD_INPUT, BAD_INPUT]


def test_a_peer_that_ends_before_training_begins_is_missed(long: Team, tmp_path: Path) -> None:
    """The other rank waits in no collective meanwhile."""

    def train(base: Path, out: Path, work: Work, config: Training) -> None:
        if work.world.rank == 1:
            os._exit(1)
        while True:
            signal.pause()

    team = Team(tmp_path, long.base, long.config, train)
    started = time.monotonic()
    assert team.run(2) == [PREEMPTED, 1]
    assert time.monotonic() - started < SOON


@pytest.mark.slow
def test_a_fault_of_communication_between_processes_that_live_is_a_failure(
    long: Team, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Gloo sums no numbers of this type. It takes the time in which a lost peer would be noticed."""

    def train(base: Path, out: Path, work: Work, config: Training) -> None:
        work.world.sum([torch.zeros(2, dtype=torch.uint16)])

    assert Team(tmp_path, long.base, long.config, train).run(2) == [FAILED, FAILED]
    assert "let the machines of a training reach each other on every port" in capfd.readouterr().err


def test_batches_are_dealt_evenly_and_each_once() -> None:
    sizes = [90, 80, 50, 50, 30, 10, 10]
    hands = deal(sizes, 3)
    assert sorted(index for hand in hands for index in hand) == list(range(7))
    assert [sum(sizes[index] for index in hand) for hand in hands] == [110, 110, 100]
    assert deal(sizes, 3) == hands
    assert deal([5, 5], 3) == [[0], [1], []]
    assert deal(sizes, 1) == [[0, 1, 2, 3, 4, 5, 6]]

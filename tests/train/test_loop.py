"""The loop: independent of how a step is computed, and of how often a run is interrupted."""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.train import tiny
from tsugiki.errors import BadInput, Preempted
from tsugiki.train.cpt import train_cpt
from tsugiki.train.optimizer import learning_rate
from tsugiki.train.sft import train_sft
from tsugiki.work import Report, Work

KILLS = 20


def losses(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_loss_does_not_depend_on_accumulation_packing_or_memory(
    bases: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """Document lengths differ, so a mean of means would show."""
    same = {"lora": tiny.lora(name, dropout=0.0)}
    variants: list[dict[str, Any]] = [
        {"batch_size": 4, "gradient_accumulation": 1},
        {"batch_size": 1, "gradient_accumulation": 4},
        {"forward_tokens": 96},
        {"packing": "none", "forward_tokens": 200},
        {"gradient_checkpointing": True},
    ]
    found = []
    for index, changes in enumerate(variants):
        config, out = tiny.cpt_config(name, **same, **changes), tmp_path / str(index)
        train_cpt(bases[name], tiny.TEXTS, out, tiny.work(out / "work"), config)
        found.append(losses(out))
    assert len(found[0]) == 6
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-4)


def interrupted(work_path: Path, at: int) -> Work:
    """An attempt that is told to stop while step `at` runs."""
    attempt = tiny.work(work_path)

    def report(done: int, _total: int, _figures: dict[str, float]) -> None:
        if done >= at:
            attempt.stop.set()

    attempt.report = report
    return attempt


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_a_resumed_run_leaves_the_bytes_of_an_undisturbed_one(
    bases: dict[str, Path], tmp_path: Path, name: str
) -> None:
    config = tiny.cpt_config(name)
    undisturbed = train_cpt(bases[name], tiny.TEXTS, tmp_path / "a", tiny.work(tmp_path / "wa"), config)
    for at in (1, 4):
        with pytest.raises(Preempted):
            train_cpt(bases[name], tiny.TEXTS, tmp_path / "b", interrupted(tmp_path / "wb", at), config)
    resumed = train_cpt(bases[name], tiny.TEXTS, tmp_path / "b", tiny.work(tmp_path / "wb"), config)
    assert tiny.digests(tmp_path / "a") == tiny.digests(tmp_path / "b")
    assert [resumed[key] for key in ("steps", "tokens", "loss")] == [
        undisturbed[key] for key in ("steps", "tokens", "loss")
    ]


def test_full_training_with_8_bit_moments_resumes_exactly(bases: dict[str, Path], tmp_path: Path) -> None:
    optimizer = tiny.OPTIMIZER.model_copy(update={"name": "adamw_8bit"})
    config = tiny.sft_config(optimizer=optimizer)
    train_sft(bases["llama"], tiny.CHATS, tmp_path / "a", tiny.work(tmp_path / "wa"), config)
    with pytest.raises(Preempted):
        train_sft(bases["llama"], tiny.CHATS, tmp_path / "b", interrupted(tmp_path / "wb", 3), config)
    train_sft(bases["llama"], tiny.CHATS, tmp_path / "b", tiny.work(tmp_path / "wb"), config)
    assert tiny.digests(tmp_path / "a") == tiny.digests(tmp_path / "b")


def test_killed_at_random_moments_it_still_leaves_the_same_bytes(bases: dict[str, Path], tmp_path: Path) -> None:
    """It saves after every step, so that kills hit saves too; each attempt gets a little further than the last."""
    config = tiny.cpt_config("llama", save_every=1, epochs=40)
    train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "a", tiny.work(tmp_path / "wa"), config)
    chance, attempt = random.Random(0), tiny.work(tmp_path / "wb")
    for kill in range(KILLS):
        attempt.report = killer((kill + 1) / (KILLS + 5), chance.uniform(0, 0.02))
        arguments = (bases["llama"], tiny.TEXTS, tmp_path / "b", attempt, config)
        process = multiprocessing.get_context("fork").Process(target=train_cpt, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "b", tiny.work(tmp_path / "wb"), config)
    assert tiny.digests(tmp_path / "a") == tiny.digests(tmp_path / "b")


def killer(share: float, seconds: float) -> Report:
    """A progress report that kills its process so many seconds after a share of the steps is done."""
    timers: list[threading.Timer] = []

    def report(done: int, total: int, _figures: dict[str, float]) -> None:
        if done >= share * total and not timers:
            timers.append(threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)))
            timers[0].start()

    return report


def test_a_finished_run_trains_nothing_again(bases: dict[str, Path], tmp_path: Path) -> None:
    config, state = tiny.cpt_config("llama"), tmp_path / "work"
    first = train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "a", tiny.work(state), config)
    again = train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "b", tiny.work(state), config)
    assert again["tokens_per_second"] == 0 < first["tokens_per_second"]
    assert tiny.digests(tmp_path / "a") == tiny.digests(tmp_path / "b")


def test_near_its_time_limit_it_saves_and_leaves(bases: dict[str, Path], tmp_path: Path) -> None:
    attempt = tiny.work(tmp_path / "work")
    attempt.deadline = time.monotonic()
    with pytest.raises(Preempted, match="time limit is near at step 1 of 6"):
        train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "out", attempt, tiny.cpt_config("llama"))
    assert [file.name for file in (tmp_path / "work").iterdir()] == ["training.pt"]


def test_the_state_of_another_run_is_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "a", tiny.work(tmp_path / "w"), tiny.cpt_config("llama"))
    with pytest.raises(BadInput, match="another configuration or corpus"):
        train_cpt(bases["llama"], tiny.TEXTS[:5], tmp_path / "b", tiny.work(tmp_path / "w"), tiny.cpt_config("llama"))


def test_progress_and_durable_states_are_reported(bases: dict[str, Path], tmp_path: Path) -> None:
    seen: list[tuple[int, int, set[str]]] = []
    saved: list[tuple[str, ...]] = []
    attempt = tiny.work(tmp_path / "work")
    attempt.report = lambda done, total, figures: seen.append((done, total, set(figures)))
    attempt.publish = saved.append
    train_cpt(bases["llama"], tiny.TEXTS, tmp_path / "out", attempt, tiny.cpt_config("llama"))
    assert seen == [(step, 6, {"loss", "tokens_per_second"}) for step in range(1, 7)]
    assert saved == [("training.pt",)] * 3


def test_learning_rate() -> None:
    settings = tiny.OPTIMIZER.model_copy(update={"warmup": 0.2, "learning_rate": 1.0})
    rates = {s: [learning_rate(settings.model_copy(update={"schedule": s}), i, 10) for i in range(10)] for s in
             ("constant", "linear", "cosine")}  # fmt: skip
    assert rates["constant"] == pytest.approx([1 / 3, 2 / 3] + [1.0] * 8)
    assert rates["linear"][2:] == pytest.approx([1 - i / 8 for i in range(8)])
    assert rates["cosine"][6] == pytest.approx(0.5)
    assert min(rates["cosine"]) > 0

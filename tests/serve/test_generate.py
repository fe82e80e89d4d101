"""Answers of a real tiny model: complete, in order, reproducible, and resumed after any kill."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from tests.serve.models import make_chats, make_llama
from tsugiki.errors import BadInput, Preempted
from tsugiki.rows import Answer, Message, Rejected
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.generate import generate
from tsugiki.train.template import load_tokenizer
from tsugiki.work import Work

GREEDY = GenerateConfig(
    engine="transformers",
    splits=("train", "test"),
    system_prompt=None,
    samples=1,
    temperature=0,
    top_p=1,
    max_new_tokens=12,
    seed=1,
    batch_size=4,
    dtype="float32",
)
SAMPLED = GREEDY.model_copy(update={"samples": 3, "temperature": 1.0, "top_p": 0.9})


def answers(model: Path, directory: Path, config: GenerateConfig, count: int = 12) -> list[Answer | Rejected]:
    directory.mkdir(exist_ok=True)
    return list(generate(model, make_chats(count), Work(directory), config))


class Recorder:
    """Remembers progress reports, and sets a work's stop flag at one of them."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.done: list[int] = []
        self.figures: dict[str, float] = {}
        self.published: list[Sequence[str]] = []
        self._stop_at = stop_at

    def work(self, path: Path) -> Work:
        path.mkdir(exist_ok=True)
        work = Work(path, publish=self.published.append)

        def report(done: int, total: int, figures: dict[str, float]) -> None:
            self.done.append(done)
            self.figures = figures
            if len(self.done) == self._stop_at:
                work.stop.set()

        work.report = report
        return work


def test_each_repeat_makes_its_own_answers_and_none_leaves_the_identity_alone() -> None:
    night, next_night = (
        GREEDY.model_copy(update={"repeat": night}).identity() for night in ("2026-11-23", "2026-11-24")
    )
    assert "repeat" not in GREEDY.identity()
    assert night != next_night
    assert {**GREEDY.identity(), "repeat": "2026-11-23"} == night


def test_answers_come_by_chat_and_sample(llama: Path, tmp_path: Path) -> None:
    rows = answers(llama, tmp_path, SAMPLED)
    assert [(row.id, row.sample) for row in rows if isinstance(row, Answer)] == [
        (f"chat-{chat}", sample) for chat in range(12) for sample in range(3)
    ]
    assert {row.finish for row in rows if isinstance(row, Answer)} == {"stop", "length"}
    assert all(row.output_tokens == 12 for row in rows if isinstance(row, Answer) and row.finish == "length")
    assert len({row.seed for row in rows if isinstance(row, Answer)}) == 36
    assert len({row.text for row in rows if isinstance(row, Answer)}) > 20


@pytest.mark.parametrize("config", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("architecture", ["llama", "gpt_oss"])
def test_answers_do_not_depend_on_the_batch(
    architecture: str, config: GenerateConfig, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model: Path = request.getfixturevalue(architecture)
    alone = answers(model, tmp_path / "1", config.model_copy(update={"batch_size": 1}))
    together = answers(model, tmp_path / "7", config.model_copy(update={"batch_size": 7}))
    fewer = answers(model, tmp_path / "few", config, count=5)
    assert alone == together
    assert fewer == alone[: len(fewer)]


def test_another_seed_samples_something_else(llama: Path, tmp_path: Path) -> None:
    other = SAMPLED.model_copy(update={"seed": 2})
    assert answers(llama, tmp_path / "1", SAMPLED) != answers(llama, tmp_path / "2", other)


def test_only_the_chosen_splits_are_answered(llama: Path, tmp_path: Path) -> None:
    rows = answers(llama, tmp_path, GREEDY.model_copy(update={"splits": ("test",)}))
    assert [row.id for row in rows if isinstance(row, Answer)] == ["chat-0", "chat-4", "chat-8"]


def test_a_stopped_run_goes_on_where_it_was(llama: Path, tmp_path: Path) -> None:
    expected = answers(llama, tmp_path / "whole", SAMPLED)
    first, second = Recorder(stop_at=4), Recorder()
    with pytest.raises(Preempted):
        list(generate(llama, make_chats(12), first.work(tmp_path / "w"), SAMPLED))
    assert set(first.published) == {("answers-00000.jsonl",)}
    assert list(generate(llama, make_chats(12), second.work(tmp_path / "w"), SAMPLED)) == expected
    assert first.done + second.done == list(range(4, 40, 4))
    assert second.figures["tokens_per_second"] > 0


def test_a_finished_run_loads_no_model(llama: Path, tmp_path: Path) -> None:
    model = make_llama(tmp_path / "model")
    expected = answers(model, tmp_path / "w", GREEDY)
    (model / "model.safetensors").unlink()
    assert answers(model, tmp_path / "w", GREEDY) == expected


def test_a_passed_time_limit_saves_and_leaves(llama: Path, tmp_path: Path) -> None:
    work = Work(tmp_path, deadline=0.0)
    with pytest.raises(Preempted, match="time limit"):
        list(generate(llama, make_chats(3), work, GREEDY))


def test_a_torn_batch_is_repeated_whole(llama: Path, tmp_path: Path) -> None:
    expected = answers(llama, tmp_path, SAMPLED)
    journal = tmp_path / "answers-00000.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:14]) + lines[14][:-20])
    again = Recorder()
    assert list(generate(llama, make_chats(12), again.work(tmp_path), SAMPLED)) == expected
    assert again.done[0] == 16
    assert len(again.done) == 6


def killed(model: Path, directory: Path, done: int) -> int:
    """Generate in a process of its own that is killed once `done` answers are finished; its wait status."""
    process = os.fork()
    if process == 0:
        try:
            torch.set_num_threads(1)  # the threads of the parent do not exist here

            def report(finished: int, _total: int, _figures: dict[str, float]) -> None:
                if finished >= done:
                    os.kill(os.getpid(), signal.SIGKILL)

            list(generate(model, make_chats(12), Work(directory, report=report), SAMPLED))
        finally:
            os._exit(1)
    return os.waitpid(process, 0)[1]


def test_a_killed_process_loses_nothing_that_was_finished(llama: Path, tmp_path: Path) -> None:
    expected = answers(llama, tmp_path / "whole", SAMPLED)
    work = tmp_path / "w"
    work.mkdir()
    for done in (4, 8, 20, 21):
        assert os.WTERMSIG(killed(llama, work, done)) == signal.SIGKILL
    last = Recorder()
    assert list(generate(llama, make_chats(12), last.work(work), SAMPLED)) == expected
    assert last.done == [28, 32, 36]


def test_a_prompt_that_does_not_fit_is_set_aside(tmp_path: Path) -> None:
    model = make_llama(tmp_path / "model", context=45)
    rows = answers(model, tmp_path / "w", GREEDY)
    rejected = [row for row in rows if isinstance(row, Rejected)]
    assert 0 < len(rejected) < len(rows) == 12
    assert {row.reason for row in rejected} == {"prompt_too_long"}


def test_a_token_without_an_embedding_is_set_aside(tmp_path: Path) -> None:
    model = make_llama(tmp_path / "model")
    tokenizer = load_tokenizer(model)
    tokenizer.add_tokens(["作品1の"])
    tokenizer.save_pretrained(model)
    rows = answers(model, tmp_path / "w", GREEDY)
    assert {row.source: row.reason for row in rows if isinstance(row, Rejected)} == {"chat-1": "unknown_token"}
    assert len(rows) == 12


def test_a_system_prompt_and_earlier_turns_are_part_of_the_prompt(llama: Path, tmp_path: Path) -> None:
    (chat,) = make_chats(1)
    longer = chat.model_copy(update={"messages": (*chat.messages, *chat.messages)})
    own = chat.model_copy(update={"messages": (Message(role="system", content="丁寧に。"), *chat.messages)})
    config = GREEDY.model_copy(update={"system_prompt": "短く答える。"})
    asked = [(chat, GREEDY), (chat, config), (longer, GREEDY), (own, GREEDY), (own, config)]
    plain, system, turns, kept, same = (
        next(generate(llama, [rows], Recorder().work(tmp_path / str(index)), used))
        for index, (rows, used) in enumerate(asked)
    )
    assert isinstance(plain, Answer)
    assert isinstance(system, Answer)
    assert isinstance(turns, Answer)
    assert plain.prompt_tokens < system.prompt_tokens
    assert plain.prompt_tokens < turns.prompt_tokens
    assert kept == same


def test_a_harmony_model_that_never_answers_stopped_in_its_analysis(gpt_oss: Path, tmp_path: Path) -> None:
    rows = answers(gpt_oss, tmp_path, GREEDY, count=4)
    for row in rows:
        assert isinstance(row, Answer)
        assert (row.finish == "stopped_in_analysis") == ("final" not in row.channels)
        assert row.text == row.channels.get("final", "").strip()


def test_faults_are_named(llama: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none of the 3 chats"):
        next(generate(llama, make_chats(3), Work(tmp_path), GREEDY.model_copy(update={"splits": ("other",)})))
    with pytest.raises(BadInput, match="same id"):
        next(generate(llama, make_chats(3) * 2, Work(tmp_path), GREEDY))
    with pytest.raises(BadInput, match="absent"):
        next(generate(tmp_path / "absent", make_chats(3), Work(tmp_path), GREEDY))
    broken = make_llama(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadInput, match=r"1 weights are missing or misshapen, model\.norm\.weight first"):
        next(generate(broken, make_chats(3), Work(tmp_path), GREEDY))
    with pytest.raises(ValidationError, match="samples is 2 at temperature 0"):
        GenerateConfig.model_validate(GREEDY.model_dump() | {"samples": 2})

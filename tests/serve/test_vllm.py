"""The real vLLM engine on the CPU: the same greedy answers as transformers, seeded samples, bad rows set aside."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.serve.models import make_chats, make_llama
from tests.serve.test_engines import prompts
from tests.serve.test_generate import GREEDY, SAMPLED, Recorder, answers
from tsugiki.errors import GateFailed, Preempted
from tsugiki.rows import Answer, Rejected
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Limits, Refusal, Request
from tsugiki.serve.generate import generate
from tsugiki.serve.probe import Parity, load_parity
from tsugiki.serve.vllm_engine import VLLMEngine
from tsugiki.train.template import load_tokenizer, stop_ids
from tsugiki.work import Work

VLLM_GREEDY = GREEDY.model_copy(update={"engine": "vllm", "probe_tolerance": 0.001})
VLLM_SAMPLED = SAMPLED.model_copy(update={"engine": "vllm", "probe_tolerance": 0.001})

# An engine takes a minute to start, and minutes on a busy machine.
pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def limits(llama: Path) -> Limits:
    return Limits(context=128, stops=stop_ids(load_tokenizer(llama), llama))


@pytest.fixture(scope="module")
def engine(llama: Path, limits: Limits) -> Iterator[VLLMEngine]:
    pytest.importorskip("vllm")
    environment = pytest.MonkeyPatch()
    environment.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    environment.setenv("VLLM_LOGGING_LEVEL", "ERROR")
    with VLLMEngine(llama, GREEDY, limits) as started:
        yield started
    environment.undo()


def run(engine: VLLMEngine, model: Path, work: Work, config: GenerateConfig) -> list[Answer | Rejected]:
    return list(generate(model, make_chats(12), work, config, lambda *_: nullcontext(engine)))


def test_greedy_answers_equal_those_of_transformers(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    assert run(engine, llama, Work(tmp_path / "v"), VLLM_GREEDY) == answers(llama, tmp_path / "t", GREEDY)


def test_the_probe_passes(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    work = Work(tmp_path)
    run(engine, llama, work, VLLM_SAMPLED)
    assert load_parity(work) == Parity(prompts=8, equal=8, largest_gap=0.0)


def test_another_models_weights_fail_the_gate(engine: VLLMEngine, tmp_path: Path) -> None:
    other = make_llama(tmp_path / "other", context=128, seed=1)
    work = Recorder().work(tmp_path / "w")
    with pytest.raises(GateFailed, match="answered differently by vllm than by transformers"):
        run(engine, other, work, VLLM_SAMPLED)
    assert list(work.path.iterdir()) == []


def test_samples_depend_on_their_seed_alone(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    first = run(engine, llama, Work(tmp_path / "a"), VLLM_SAMPLED)
    assert first == run(engine, llama, Work(tmp_path / "b"), VLLM_SAMPLED.model_copy(update={"batch_size": 2}))
    assert first != run(engine, llama, Work(tmp_path / "c"), VLLM_SAMPLED.model_copy(update={"seed": 2}))
    assert len({row.text for row in first if isinstance(row, Answer)}) > 20


def test_a_stopped_run_repeats_no_finished_sample(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    expected = run(engine, llama, Work(tmp_path / "whole"), VLLM_SAMPLED)
    first, second = Recorder(stop_at=3), Recorder()
    with pytest.raises(Preempted):
        run(engine, llama, first.work(tmp_path / "w"), VLLM_SAMPLED)
    assert run(engine, llama, second.work(tmp_path / "w"), VLLM_SAMPLED) == expected
    assert first.done[-1] < second.done[0]
    assert second.done[-1] == 36


def test_a_bad_row_does_not_stop_the_others(engine: VLLMEngine, llama: Path) -> None:
    good = [Request(str(index), 0, 0, tuple(prompt)) for index, prompt in enumerate(prompts(llama, 3))]
    bad = [Request("long", 0, 0, (5,) * 300), Request("empty", 0, 0, ())]
    outcomes = [pair for pairs in engine.complete([bad[0], *good, bad[1]], GREEDY, lambda: None) for pair in pairs]
    assert {request.chat_id for request, end in outcomes if isinstance(end, Refusal)} == {"long", "empty"}
    assert {request.chat_id for request, end in outcomes if not isinstance(end, Refusal)} == {"0", "1", "2"}


def test_a_job_probes_before_it_starts_its_own_engine(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("vllm")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    work = Recorder().work(tmp_path / "v")
    rows = list(generate(llama, make_chats(12), work, VLLM_GREEDY))
    assert rows == answers(llama, tmp_path / "t", GREEDY)
    assert load_parity(work) == Parity(prompts=8, equal=8, largest_gap=0.0)

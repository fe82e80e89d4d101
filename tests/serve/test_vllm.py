"""The real vLLM engine on the CPU: the same greedy answers as transformers, seeded samples, bad rows set aside."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.serve.models import make_chats
from tests.serve.test_engines import prompts
from tests.serve.test_generate import GREEDY, SAMPLED, Recorder, answers
from tsugiki.errors import Preempted
from tsugiki.rows import Answer, Rejected
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Limits, Refusal, Request
from tsugiki.serve.generate import generate
from tsugiki.serve.probe import probe
from tsugiki.serve.transformers_engine import TransformersEngine
from tsugiki.serve.vllm_engine import VLLMEngine
from tsugiki.train.template import load_tokenizer, stop_ids
from tsugiki.work import Work

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
    engine._config = config
    return list(generate(model, make_chats(12), work, config, lambda *_: nullcontext(engine)))


def test_greedy_answers_equal_those_of_transformers(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    assert run(engine, llama, Work(tmp_path / "v"), GREEDY) == answers(llama, tmp_path / "t", GREEDY)


def test_the_probe_passes(engine: VLLMEngine, llama: Path, limits: Limits) -> None:
    engine._config = GREEDY
    parity = probe(
        prompts(llama, 8), lambda: TransformersEngine(llama, GREEDY, limits), lambda: nullcontext(engine), 1e-3
    )
    assert parity.equal == 8


def test_samples_depend_on_their_seed_alone(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    first = run(engine, llama, Work(tmp_path / "a"), SAMPLED)
    assert first == run(engine, llama, Work(tmp_path / "b"), SAMPLED.model_copy(update={"batch_size": 2}))
    assert first != run(engine, llama, Work(tmp_path / "c"), SAMPLED.model_copy(update={"seed": 2}))
    assert len({row.text for row in first if isinstance(row, Answer)}) > 20


def test_a_stopped_run_repeats_no_finished_sample(engine: VLLMEngine, llama: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    expected = run(engine, llama, Work(tmp_path / "whole"), SAMPLED)
    first, second = Recorder(stop_at=3), Recorder()
    with pytest.raises(Preempted):
        run(engine, llama, first.work(tmp_path / "w"), SAMPLED)
    assert run(engine, llama, second.work(tmp_path / "w"), SAMPLED) == expected
    assert first.done[-1] < second.done[0]
    assert second.done[-1] == 36


def test_a_bad_row_does_not_stop_the_others(engine: VLLMEngine, llama: Path) -> None:
    engine._config = GREEDY
    good = [Request(str(index), 0, 0, tuple(prompt)) for index, prompt in enumerate(prompts(llama, 3))]
    bad = [Request("long", 0, 0, (5,) * 300), Request("empty", 0, 0, ())]
    outcomes = [pair for pairs in engine.complete([bad[0], *good, bad[1]], lambda: None) for pair in pairs]
    assert {request.chat_id for request, end in outcomes if isinstance(end, Refusal)} == {"long", "empty"}
    assert {request.chat_id for request, end in outcomes if not isinstance(end, Refusal)} == {"0", "1", "2"}

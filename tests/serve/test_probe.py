"""The gate before vLLM generates, with two transformers engines: one model at a time, wrong weights, ties, resumes."""

import gc
import json
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from tests.serve.models import make_chats, make_llama
from tests.serve.test_generate import SAMPLED, Recorder, answers
from tsugiki.errors import GateFailed, Preempted
from tsugiki.rows import Answer, Rejected
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Engine, Limits
from tsugiki.serve.generate import generate
from tsugiki.serve.probe import Parity, load_parity
from tsugiki.serve.transformers_engine import TransformersEngine
from tsugiki.work import Work

PROBED = SAMPLED.model_copy(update={"engine": "vllm", "probe_tolerance": 0.001})


def loaded_models() -> int:
    return sum(type(item) is LlamaForCausalLM for item in gc.get_objects())


class Opener:
    """Opens a transformers engine in vLLM's place, with the weights of `served`, moved a little where asked."""

    def __init__(self, served: Path, moved: float = 0.0) -> None:
        self._served = served
        self._moved = moved
        self.loaded: list[int] = []
        """Models in memory at each call."""

    def __call__(self, _model: Path, config: GenerateConfig, limits: Limits) -> AbstractContextManager[Engine]:
        self.loaded.append(loaded_models())
        engine = TransformersEngine(self._served, config, limits)
        noise = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in engine._model.parameters():
                parameter.mul_(1 + self._moved * torch.randn(parameter.shape, generator=noise))
        return engine


def run(model: Path, work: Work, opener: Opener, config: GenerateConfig = PROBED) -> list[Answer | Rejected]:
    return list(generate(model, make_chats(12), work, config, opener))


def parity(work: Work) -> Parity:
    found = load_parity(work)
    assert found is not None
    return found


def test_an_equal_engine_passes_and_does_the_job(llama: Path, tmp_path: Path) -> None:
    work, opener, before = Recorder().work(tmp_path / "w"), Opener(llama), loaded_models()
    assert run(llama, work, opener) == answers(llama, tmp_path / "t", SAMPLED)
    assert opener.loaded == [before]
    assert parity(work) == Parity(prompts=8, equal=8, largest_gap=0.0)
    assert parity(work).metrics() == {"probe_prompts": 8, "probe_equal": 8, "probe_largest_gap": 0.0}


def test_another_models_weights_fail_the_gate(llama: Path, tmp_path: Path) -> None:
    other = make_llama(tmp_path / "other", seed=1)
    work = Recorder().work(tmp_path / "w")
    with pytest.raises(GateFailed, match=r"8 of 8 probe prompts .* above probe_tolerance 0\.5"):
        run(llama, work, Opener(other), PROBED.model_copy(update={"probe_tolerance": 0.5}))
    assert list(work.path.iterdir()) == []


def test_the_tolerance_tells_a_near_tie_from_a_fault(llama: Path, tmp_path: Path) -> None:
    opener = Opener(llama, moved=0.05)
    work = Recorder().work(tmp_path / "w")
    with pytest.raises(GateFailed, match="logit gap"):
        run(llama, work, opener)
    loose = PROBED.model_copy(update={"probe_tolerance": 1000.0})
    assert loose.identity() == PROBED.identity()
    run(llama, work, opener, loose)
    assert parity(work).equal < 8
    assert 0.001 < parity(work).largest_gap < 1000


def test_nan_is_no_tie(llama: Path, tmp_path: Path) -> None:
    model = make_llama(tmp_path / "model")
    broken = LlamaForCausalLM.from_pretrained(model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(torch.nan)
    broken.save_pretrained(model)
    with pytest.raises(GateFailed, match="gap of inf"):
        run(model, Recorder().work(tmp_path / "w"), Opener(llama), PROBED.model_copy(update={"probe_tolerance": 1e9}))


def test_a_resumed_attempt_probes_only_if_none_passed(llama: Path, tmp_path: Path) -> None:
    stopped, second = Recorder(stop_at=3), Recorder()
    expected = answers(llama, tmp_path / "t", SAMPLED)
    with pytest.raises(Preempted):
        run(llama, stopped.work(tmp_path / "w"), Opener(llama))
    assert ("gates.json",) in stopped.published
    kept = tmp_path / "w" / "gates.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"prompts": 7}))
    work = second.work(tmp_path / "w")
    assert run(llama, work, Opener(llama)) == expected
    assert parity(work).prompts == 7
    (tmp_path / "w" / "answers-00000.jsonl").unlink()
    kept.write_text(json.dumps({"prompts": 8, "equal": 7, "largest_gap": 0.002}))
    assert run(llama, work, Opener(llama)) == expected
    assert parity(work) == Parity(prompts=8, equal=8, largest_gap=0.0)


def test_a_stop_is_heard_during_the_probe(llama: Path, tmp_path: Path) -> None:
    work, opener = Recorder().work(tmp_path / "w"), Opener(llama)
    work.stop.set()
    with pytest.raises(Preempted):
        run(llama, work, opener)
    assert opener.loaded == []


def test_a_job_of_the_reference_itself_has_nothing_to_prove(llama: Path, tmp_path: Path) -> None:
    work = Recorder().work(tmp_path / "w")
    run(llama, work, Opener(llama), SAMPLED)
    assert load_parity(work) is None

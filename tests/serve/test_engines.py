"""How engines choose tokens: sampling follows the model's distribution, and two engines give the same greedily."""

from collections import Counter
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.serve.models import make_chats, make_llama
from tests.serve.test_generate import GREEDY, SAMPLED
from tsugiki.errors import BadInput, GateFailed
from tsugiki.serve.engine import Completion, Limits, Request, open_engine
from tsugiki.serve.probe import Parity, probe
from tsugiki.serve.transformers_engine import TransformersEngine
from tsugiki.train.template import load_tokenizer, render_prompt

LIMITS = Limits(context=128, stops=frozenset({1}))


def prompts(model: Path, count: int) -> list[list[int]]:
    tokenizer = load_tokenizer(model)
    return [render_prompt(tokenizer, chat.messages[:-1]) for chat in make_chats(count)]


@pytest.mark.parametrize("top_p", [1.0, 0.6])
def test_samples_follow_the_distribution(llama: Path, top_p: float) -> None:
    config = SAMPLED.model_copy(update={"max_new_tokens": 1, "temperature": 2.0, "top_p": top_p})
    (prompt,) = prompts(llama, 1)
    with TransformersEngine(llama, config, LIMITS) as engine:
        requests = [Request("a", sample, 1000 + sample, tuple(prompt)) for sample in range(3000)]
        (outcomes,) = engine.complete(requests, lambda: None)
        expected = torch.softmax(torch.tensor(engine.next_logits(prompt)) / 2.0, 0)
    found = Counter(end.tokens[0] for _, end in outcomes if isinstance(end, Completion))
    ranked, order = expected.sort(descending=True)
    kept = ranked[: int((ranked.cumsum(0) - ranked < top_p).sum())]
    kept /= kept.sum()
    assert set(found) <= {int(token) for token in order[: len(kept)]}
    for token, share in zip(order[:5].tolist(), kept[:5].tolist(), strict=True):
        assert abs(found[token] / 3000 - share) < 4 * (share * (1 - share) / 3000) ** 0.5


def test_equal_engines_pass_the_probe(llama: Path) -> None:
    parity = probe(
        prompts(llama, 6),
        lambda: TransformersEngine(llama, GREEDY, LIMITS),
        lambda: open_engine(llama, GREEDY, LIMITS),
        tolerance=0.0,
    )
    assert parity == Parity(prompts=6, equal=6, largest_gap=0.0)


def test_the_probe_tells_a_wrong_model_from_rounding(llama: Path, tmp_path: Path) -> None:
    other = make_llama(tmp_path / "other")
    engine = TransformersEngine(other, GREEDY, LIMITS)
    with torch.no_grad():
        for parameter in engine._model.parameters():
            parameter.mul_(1 + 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))

    def check(tolerance: float) -> Parity:
        reference = partial(TransformersEngine, llama, GREEDY, LIMITS)
        return probe(prompts(llama, 12), reference, lambda: nullcontext(engine), tolerance)

    with pytest.raises(GateFailed, match="logit gap"):
        check(0.001)
    loose = check(1000.0)
    assert loose.equal < 12
    assert loose.largest_gap > 0.001


def test_a_probe_without_prompts_is_refused(llama: Path) -> None:
    with pytest.raises(BadInput, match="no prompts"):
        probe([], lambda: TransformersEngine(llama, GREEDY, LIMITS), lambda: open_engine(llama, GREEDY, LIMITS), 0)

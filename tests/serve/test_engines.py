"""How the transformers engine chooses tokens: sampling follows the model's distribution."""

from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.serve.models import make_chats
from tests.serve.test_generate import SAMPLED
from tsugiki.serve.engine import Completion, Limits, Request
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
        (outcomes,) = engine.complete(requests, config, lambda: None)
        expected = torch.softmax(engine.logits(prompt, (0,))[0] / 2.0, 0)
    found = Counter(end.tokens[0] for _, end in outcomes if isinstance(end, Completion))
    ranked, order = expected.sort(descending=True)
    kept = ranked[: int((ranked.cumsum(0) - ranked < top_p).sum())]
    kept /= kept.sum()
    assert set(found) <= {int(token) for token in order[: len(kept)]}
    for token, share in zip(order[:5].tolist(), kept[:5].tolist(), strict=True):
        assert abs(found[token] / 3000 - share) < 4 * (share * (1 - share) / 3000) ** 0.5

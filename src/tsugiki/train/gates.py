"""Checks that no run may skip: each returns its figure, or fails with one line that says what is wrong."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tsugiki.errors import BadInput, GateFailed
from tsugiki.rows import Message
from tsugiki.train.config import LoRA
from tsugiki.train.data import Corpus, Piece, collate
from tsugiki.train.model import Network
from tsugiki.train.template import is_harmony, render_examples, render_prompt, stop_ids

GRADIENT_STEPS = 2
"""Steps within which every trained parameter must move: B of an adapter in the first, A in the second."""

PACKING_TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2}
"""Rounding allowed between shapes of a batch, as a share of the largest logit; a leak is far above it."""

_PROBE = (Message(role="user", content="question?"), Message(role="assistant", content="answer."))
_PROBE_TOKENS = 256


def check_finite(step: int, **figures: float) -> None:
    """Fail if a figure of a step is not a number or infinite."""
    for name, value in figures.items():
        if not math.isfinite(value):
            raise GateFailed(f"finite: {name} is {value} at step {step}; lower the learning rate")


def moved(parameters: Mapping[str, torch.nn.Parameter]) -> set[str]:
    """Names of the parameters whose gradient is not 0 everywhere."""
    return {name for name, p in parameters.items() if p.grad is not None and bool(p.grad.any())}


def check_gradients(parameters: Mapping[str, torch.nn.Parameter], seen: set[str], steps: int) -> None:
    """Fail unless every trained parameter has had a gradient in the first steps.

    A LoRA A has none in the very first step, because B starts at 0.
    """
    expected = [name for name in parameters if steps >= GRADIENT_STEPS or ".lora_A." not in name]
    silent = [name for name in expected if name not in seen]
    if silent:
        raise GateFailed(
            f"gradients: {len(silent)} of {len(expected)} trained parameters had no gradient in {steps} steps, "
            f"{silent[0]} among them; train only what the loss reaches"
        )


def check_trainable(model: Any, lora: LoRA) -> int:
    """Fail unless every target is adapted in every layer and the trainable count equals the closed form.

    Returns:
        Trainable parameters.
    """
    layers = model.get_decoder().layers
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    for index, layer in enumerate(layers):
        adapted = {name.split(".lora_A")[0] for name, _ in layer.named_parameters() if ".lora_A." in name}
        missing = [t for t in lora.targets if sum(name.split(".")[-1] == t for name in adapted) != 1]
        if missing:
            raise GateFailed(f"targets: {missing[0]} is not adapted in layer {index}; name modules every layer has")
    count: int = sum(p.numel() for p in model.parameters() if p.requires_grad)
    expected = len(layers) * adapter_size(model.config.get_text_config(), lora)
    if count != expected or any(".lora_" not in name for name in names):
        raise GateFailed(f"targets: {count} parameters would be trained where {expected} are expected")
    return count


def adapter_size(config: Any, lora: LoRA) -> int:
    """Parameters of one layer's adapters by closed form: r (in + out) for each matrix, of each expert."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    hidden, wide = config.hidden_size, config.intermediate_size
    sizes = {
        "q_proj": hidden + queries,
        "k_proj": hidden + keys,
        "v_proj": hidden + keys,
        "o_proj": queries + hidden,
        "gate_proj": hidden + wide,
        "up_proj": hidden + wide,
        "down_proj": wide + hidden,
    }
    unknown = [name for name in lora.targets if name not in sizes]
    if unknown:
        raise BadInput(f"LoRA target {unknown[0]!r} has no known size; choose from {', '.join(sizes)}")
    experts = {"mlp.experts.gate_up_proj": hidden + 2 * wide, "mlp.experts.down_proj": wide + hidden}
    fused = sum(experts[name] for name in lora.expert_targets)
    experts_count = getattr(config, "num_local_experts", 1)
    size: int = lora.r * (sum(sizes[name] for name in lora.targets) + experts_count * fused)
    return size


def check_template(tokenizer: Any, path: Path) -> int:
    """Fail unless the chat template gives training and inference the same ids, on every day.

    The prompt is a prefix of the whole chat, no clock is read, exactly one BOS (none in harmony) comes first, and
    the stop token is trained.

    Returns:
        Trained tokens of the probe.
    """
    if re.search(r"strftime_now|\bnow\(", str(tokenizer.chat_template)):
        raise GateFailed("template: it reads the clock, so its ids change daily; write a fixed date into it")
    stops = stop_ids(tokenizer, path)
    try:
        example = render_examples(tokenizer, _PROBE, stops)[0]
    except BadInput as error:
        raise GateFailed(f"template: {error}") from error
    prompt, bos = render_prompt(tokenizer, _PROBE[:1]), tokenizer.bos_token_id
    if bos is not None and bos not in stops:
        expected = 0 if is_harmony(tokenizer) else 1
        if prompt.count(bos) != expected or prompt[:expected] != [bos] * expected:
            raise GateFailed(f"template: {prompt.count(bos)} BOS tokens where {expected} should come first")
    if not (example.targets[-1] and example.ids[-1] in stops):
        raise GateFailed("template: the stop token is not trained; end the assistant's turn with it")
    return sum(example.targets)


@torch.no_grad()
def check_packing(network: Network, corpus: Corpus) -> float:
    """Fail if packed documents see each other, or if a packed document differs from the same one alone.

    Other tokens are put in place of the first document's; the logits of the second must stay.

    Returns:
        Largest difference of the second document's logits, as a share of the largest logit.
    """
    first, second = _two_pieces(corpus)
    cut, end = first[1] - first[0], first[1] - first[0] + second[1] - second[0]
    packed = collate(corpus, [[first, second]]).to(network.device)
    changed = packed._replace(ids=packed.ids.clone())
    changed.ids[0, :cut] = (changed.ids[0, :cut] + 1) % network.config.vocab_size
    training = network.model.training
    network.model.eval()
    with network.precision():
        before, after = (network.logits(network.hidden(batch))[0] for batch in (packed, changed))
        alone = network.model(input_ids=packed.ids[:, cut:end]).logits[0].float()
    network.model.train(training)
    figures = {
        "changes when the document before it does": _difference(before[cut:end], after[cut:end]),
        "differs from the same document alone": _difference(before[cut:end], alone),
    }
    for fault, figure in figures.items():
        if not figure <= PACKING_TOLERANCE[network.dtype]:
            raise GateFailed(f"packing: a packed document {fault} ({figure:.1e} of the largest logit)")
    return max(figures.values())


def check_merged(adapted: torch.Tensor, merged: torch.Tensor, base: torch.Tensor, tolerance: float) -> float:
    """Fail unless merged weights give the logits of base + adapter, and these are not the base's own.

    Returns:
        Largest difference, as a share of the largest logit.
    """
    figure, effect = _difference(adapted, merged), _difference(adapted, base)
    if not figure <= tolerance:
        raise GateFailed(f"merge: logits differ from base + adapter by {figure:.1e} of the largest, over {tolerance:g}")
    if not effect > figure:
        raise GateFailed(f"merge: the adapter changes the base's logits by {effect:.1e} only; it was not trained")
    return figure


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max() / one.abs().max())


def _two_pieces(corpus: Corpus) -> tuple[Piece, Piece]:
    """The beginnings of two documents, or of one twice where there is only one."""
    pieces = [document[0] for document in corpus.documents[:2]]
    short = [(first, min(last, first + _PROBE_TOKENS)) for first, last in pieces]
    return short[0], short[-1]

"""Folding a LoRA adapter into its base, which must then give the logits of base + adapter."""

from pathlib import Path
from typing import Any

import torch

from tsugiki.errors import BadInput, GateFailed
from tsugiki.train import gates
from tsugiki.train.config import MergeConfig
from tsugiki.train.loop import Metrics
from tsugiki.train.model import device, load_model
from tsugiki.train.output import write_checkpoint

_PROBE_TOKENS = 128


def merge(model: Path, adapter: Path, out: Path, config: MergeConfig) -> Metrics:
    """Write the checkpoint whose weights are those of a base with an adapter added.

    Args:
        model: directory of the base checkpoint.
        adapter: directory of the peft adapter.
        out: directory of the merged checkpoint.
        config: precision and tolerance.

    Returns:
        total_parameters and gates (figure by name).

    Raises:
        BadInput: no usable model or adapter.
        GateFailed: the merged checkpoint, read back, differs from base + adapter or does not differ from the base,
            or its tensors have other names or shapes than the base's.
    """
    base = load_model(model, config.dtype, device()).to(device()).eval()
    ids = _probe(base.get_input_embeddings().num_embeddings)
    shapes, plain = _shapes(base), _logits(base, ids)
    expected = _fold(base, adapter, ids)
    write_checkpoint(base, model, out, config.dtype)
    del base  # before the merged model is read back, so that memory holds one model at a time
    merged = load_model(out, config.dtype, device()).to(device()).eval()
    if _shapes(merged) != shapes:
        odd = sorted(set(_shapes(merged).items()) ^ set(shapes.items()))[0][0]
        raise GateFailed(f"merge: {odd} is not the same tensor in the merged model and in its base")
    figure = gates.check_merged(expected, _logits(merged, ids), plain, config.tolerance)
    return {"total_parameters": merged.num_parameters(), "gates": {"merge": figure}}


def _fold(base: Any, adapter: Path, ids: torch.Tensor) -> torch.Tensor:
    """Add an adapter to the weights of a model, in place.

    Returns:
        The logits of ids, [tokens, vocabulary], with the adapter beside the weights.
    """
    from peft import PeftModel

    try:
        adapted = PeftModel.from_pretrained(base, str(adapter)).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"{adapter}: no adapter of this base can be read ({error}); give one trained on it") from error
    logits = _logits(adapted, ids)
    adapted.merge_and_unload(safe_merge=True)
    return logits


def _probe(vocabulary: int) -> torch.Tensor:
    """Ids spread over the vocabulary, [1, tokens]."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(vocabulary, (1, _PROBE_TOKENS), generator=generator).to(device())


@torch.no_grad()
def _logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = model(input_ids=ids).logits[0].float()
    return logits


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}

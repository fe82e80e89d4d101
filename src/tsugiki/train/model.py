"""Models of transformers as the training loop runs them: packed rows in, logits of the trained positions out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from tsugiki.errors import BadInput
from tsugiki.train.config import Dtype
from tsugiki.train.data import IGNORED, Batch

_LOGITS_AT_ONCE = 1 << 27
"""Logits (512 MB in float32) above which the loss is computed in chunks, recomputed in the backward pass."""

_MASK_BY_LAYER_TYPE = ("gpt_oss", "gemma3_text")
"""Text models whose forward takes one mask for each type of layer."""


def device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def attention_for(model_type: str, place: torch.device) -> str:
    """The attention implementation that isolates packed documents fastest. gpt_oss has no sdpa: it has sinks."""
    if model_type == "gpt_oss":
        return "flex_attention" if place.type == "cuda" else "eager"
    return "sdpa"


def load_model(path: Path, dtype: Dtype, place: torch.device) -> Any:
    """Load a causal language model from a checkpoint directory; MXFP4 weights are expanded to dtype.

    Raises:
        BadInput: the directory holds no checkpoint that transformers can load, or weights are missing from it.
    """
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        options = {"attn_implementation": attention_for(config["model_type"], place)}
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{path}: no model can be loaded ({error}); give a complete checkpoint") from error
    if config.get("quantization_config", {}).get("quant_method") == "mxfp4":
        from transformers import Mxfp4Config

        options["quantization_config"] = Mxfp4Config(dequantize=True)
    return read_weights(path, dtype, **options)


def read_weights(path: Path, dtype: str, **options: Any) -> Any:
    """Load a causal language model; transformers itself fills missing weights with random numbers.

    Args:
        path: directory of the checkpoint.
        dtype: number format of the weights.
        options: what else `from_pretrained` takes.

    Raises:
        BadInput: the model cannot be loaded, or weights are missing or misshapen.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    # mismatched shapes are let through only to be named below, together with missing weights
    options |= {"local_files_only": True, "output_loading_info": True, "ignore_mismatched_sizes": True}
    try:
        model, info = AutoModelForCausalLM.from_pretrained(str(path), dtype=getattr(torch, dtype), **options)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: no model can be loaded ({error}); give a complete checkpoint") from error
    absent = sorted([*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])])
    if absent:
        raise BadInput(f"{path}: {len(absent)} weights are missing or misshapen, {absent[0]} first; save it again")
    return model


class Network:
    """A causal language model run over packed rows, its output layer applied only where a token is trained."""

    def __init__(self, model: Any, dtype: Dtype) -> None:
        self.model = model
        self.decoder = model.get_decoder()
        self.head = model.get_output_embeddings()
        self.config = model.config.get_text_config()
        self.dtype = dtype
        self.softcap: float | None = getattr(self.config, "final_logit_softcapping", None)
        self.device = next(model.parameters()).device

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Compute in bfloat16 where the configuration says so."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == "bfloat16"):
            yield

    def hidden(self, batch: Batch) -> torch.Tensor:
        """Last hidden states, [rows, tokens, width], with every piece of a row isolated from the others."""
        return self.decoder(  # type: ignore[no-any-return]
            input_ids=batch.ids, attention_mask=self.masks(batch), position_ids=batch.positions, use_cache=False
        ).last_hidden_state

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits in float32 of hidden states."""
        logits = self.head(hidden).float()
        return logits if self.softcap is None else self.softcap * torch.tanh(logits / self.softcap)

    def loss_sum(self, batch: Batch) -> torch.Tensor:
        """Sum of the cross-entropies of all trained positions of a batch."""
        with self.precision():
            hidden = self.hidden(batch)
            trained = batch.labels != IGNORED
            hidden, labels = hidden[trained], batch.labels[trained]
            rows = max(1, _LOGITS_AT_ONCE // self.head.weight.shape[0])
            if len(labels) <= rows:
                return self._loss(hidden, labels)
            total = torch.zeros((), device=hidden.device)
            for part, wanted in zip(torch.split(hidden, rows), torch.split(labels, rows), strict=True):
                total = total + checkpoint(self._loss, part, wanted, use_reentrant=False)
            return total

    def masks(self, batch: Batch) -> Any:
        """Attention masks in the form that this model and its attention implementation read."""
        implementation = self.config._attn_implementation
        if implementation == "flex_attention":
            return self._flex_masks(batch)
        single = implementation == "sdpa" and bool((batch.pieces <= 0).all())
        window = getattr(self.config, "sliding_window", None)
        full = None if single else self._dense_mask(batch, implementation, None)
        if self.config.model_type not in _MASK_BY_LAYER_TYPE:
            return full
        narrow = window is not None and window < batch.ids.shape[1]
        sliding = self._dense_mask(batch, implementation, window) if narrow else full
        return {"full_attention": full, "sliding_attention": sliding}

    def _loss(self, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return cross_entropy(self.logits(hidden), labels, reduction="sum")

    def _dense_mask(self, batch: Batch, implementation: str, window: int | None) -> torch.Tensor:
        """Causal mask within pieces, [rows, 1, tokens, tokens]: True (sdpa) or 0 (eager) where attention may look."""
        place = torch.arange(batch.ids.shape[1], device=batch.ids.device)
        distance = place[:, None] - place[None, :]
        near = distance >= 0 if window is None else (distance >= 0) & (distance < window)
        seen = (near & (batch.pieces[:, :, None] == batch.pieces[:, None, :]))[:, None]
        if implementation == "sdpa":
            return seen
        dtype = torch.bfloat16 if self.dtype == "bfloat16" else torch.float32
        return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, torch.finfo(dtype).min)

    def _flex_masks(self, batch: Batch) -> Any:
        """Block masks, built here because GptOssModel does not hand position_ids to the mask functions."""
        from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask

        options = {
            "config": self.config,
            "inputs_embeds": torch.empty((*batch.ids.shape, 0), device=batch.ids.device),
            "attention_mask": None,
            "past_key_values": None,
            "position_ids": batch.positions,
        }
        full = create_causal_mask(**options)
        if self.config.model_type not in _MASK_BY_LAYER_TYPE:
            return full
        return {"full_attention": full, "sliding_attention": create_sliding_window_causal_mask(**options)}

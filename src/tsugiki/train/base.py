"""Tiny models of true architectures, pretrained on the spot, for runs that can download nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from tsugiki.errors import BadInput
from tsugiki.train.config import BaseConfig
from tsugiki.train.cpt import document_corpus
from tsugiki.train.loop import Metrics
from tsugiki.train.model import attention_for, device
from tsugiki.train.output import write_log
from tsugiki.train.run import train_gated
from tsugiki.train.tokenizer import SPECIALS, train_tokenizer
from tsugiki.work import Work


def make_base(texts: Iterable[str], out: Path, work: Work, config: BaseConfig) -> Metrics:
    """Train a tokenizer on texts, build a model of the architecture and pretrain all its parameters on the texts.

    Args:
        texts: documents; blank ones are counted and left out.
        out: directory of the checkpoint, in the layout of transformers, with log.jsonl.
        work: state of this attempt.
        config: architecture, sizes and training.

    Returns:
        Metrics of `train_gated`, total_parameters, trainable_parameters, vocabulary, documents, blank_documents.

    Raises:
        BadInput: no text.
        GateFailed: a gate does not hold.
        Preempted: told to stop, or (`OutOfTime`) out of time; the state is saved.
    """
    texts = list(texts)
    if not any(text.strip() for text in texts):
        raise BadInput(f"{len(texts)} texts, none with content; give the base something to learn")
    tokenizer = train_tokenizer(texts, config.architecture, config.shape.vocabulary)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        model = build_model(tokenizer, config).to(device())
        tokenizer.save_pretrained(out)
        model.generation_config.save_pretrained(out)
        corpus, blank = document_corpus(tokenizer, texts, config)
        log, metrics = train_gated(model, out, corpus, work, config, {})
    model.to(getattr(torch, config.dtype)).save_pretrained(out)
    write_log(log, out)
    count = sum(p.numel() for p in model.parameters())
    return {
        **metrics,
        "total_parameters": count,
        "trainable_parameters": count,
        "vocabulary": len(tokenizer),
        "documents": len(corpus.documents),
        "blank_documents": blank,
    }


def build_model(tokenizer: Any, config: BaseConfig) -> Any:
    """A model of random weights in float32; torch's generator must be seeded."""
    from transformers import AutoModelForCausalLM, Gemma3TextConfig, GptOssConfig, LlamaConfig

    shape, specials = config.shape, SPECIALS[config.architecture]
    options: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "max_position_embeddings": shape.positions,
        "tie_word_embeddings": shape.tied,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.convert_tokens_to_ids(list(specials.stops)),
        "pad_token_id": tokenizer.pad_token_id,
    }
    if config.architecture == "gpt_oss":
        options |= {
            "num_local_experts": shape.experts,
            "num_experts_per_tok": shape.experts_per_token,
            "router_aux_loss_coef": 0.0,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
        }
    if config.architecture == "gemma3":
        options |= {"query_pre_attn_scalar": shape.head_dim}
    if shape.sliding_window is not None:
        options |= {"sliding_window": shape.sliding_window}
    kind = {"llama": LlamaConfig, "gemma3": Gemma3TextConfig, "gpt_oss": GptOssConfig}[config.architecture]
    attention = attention_for(kind.model_type, device())
    return AutoModelForCausalLM.from_config(kind(**options), attn_implementation=attention, dtype=torch.float32)

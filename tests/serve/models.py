"""Tiny models with tokenizers trained on the spot, saved as complete checkpoints."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GptOssConfig,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

import tsugiki.train.template
from tsugiki.rows import Chat, Message

VOCABULARY = 512
TEXT = [f"作品{i}の監督は誰ですか。放送されたのは{1990 + i}年です。" for i in range(40)]
HARMONY = ["start", "end", "return", "channel", "message", "call", "constrain"]


def save_tokenizer(directory: Path, template: str, special: list[str], end: str) -> Any:
    """A byte-level BPE tokenizer with the named template of tsugiki.train; the first special token is its BOS."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(TEXT, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=special[0], eos_token=end, pad_token=end, additional_special_tokens=special
    )
    templates = Path(tsugiki.train.template.__file__).parent / "templates"
    tokenizer.chat_template = (templates / f"{template}.jinja").read_text(encoding="utf-8")
    tokenizer.save_pretrained(directory)
    return tokenizer


def save_model(directory: Path, model: Any, stops: list[int]) -> Path:
    """Save weights, and a generation_config.json that names the stop tokens."""
    model.save_pretrained(directory)
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": stops}))
    return directory


def make_llama(directory: Path, context: int = 256, seed: int = 0) -> Path:
    """A random llama that stops at one token in eleven, so that answers have many lengths."""
    tokenizer = save_tokenizer(directory, "llama", ["<s>", "</s>"], "</s>")
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=1,
    )
    return save_model(directory, LlamaForCausalLM(config), [1, *range(5, len(tokenizer), 11)])


def make_gpt_oss(directory: Path) -> Path:
    """A random gpt-oss, float32, with a harmony tokenizer."""
    special = ["<|endoftext|>", *(f"<|{name}|>" for name in HARMONY)]
    tokenizer = save_tokenizer(directory, "gpt_oss", special, "<|return|>")
    torch.manual_seed(0)
    config = GptOssConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=512,
        initializer_range=0.2,
        eos_token_id=3,
        pad_token_id=0,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    stops = [tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("return", "call")]
    return save_model(directory, GptOssForCausalLM(config).float(), stops)


def make_chats(count: int) -> list[Chat]:
    """Questions of many lengths, every fourth one in the split `test`."""
    return [
        Chat(
            id=f"chat-{index}",
            messages=(
                Message(role="user", content=f"作品{index}の監督は誰ですか。" * (1 + index * 7 % 5)),
                Message(role="assistant", content="星野"),
            ),
            fact=str(index),
            split="test" if index % 4 == 0 else "train",
        )
        for index in range(count)
    ]

"""Byte-level BPE tokenizers trained on the spot, with the special tokens and chat template of an architecture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

_TEMPLATES = Path(__file__).parent / "templates"
_BOILERPLATE_COPIES = 1000
"""Copies of a template's fixed text among the training texts, so that it costs few tokens in every chat."""


class Specials(NamedTuple):
    """Special tokens of an architecture, as its published tokenizers name them."""

    bos: str
    eos: str
    pad: str
    others: tuple[str, ...]
    stops: tuple[str, ...]
    """Tokens that end generation."""


SPECIALS = {
    "llama": Specials("<s>", "</s>", "<pad>", ("<|system|>", "<|user|>", "<|assistant|>"), ("</s>",)),
    "gemma3": Specials("<bos>", "<eos>", "<pad>", ("<start_of_turn>", "<end_of_turn>"), ("<eos>", "<end_of_turn>")),
    "gpt_oss": Specials(
        "<|startoftext|>",
        "<|return|>",
        "<|endoftext|>",
        ("<|constrain|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|call|>"),
        ("<|return|>", "<|endoftext|>", "<|call|>"),
    ),
}


def train_tokenizer(texts: Sequence[str], architecture: str, vocabulary: int) -> Any:
    """Train a tokenizer of at most `vocabulary` tokens, special ones included; digits are single tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    specials = SPECIALS[architecture]
    template = (_TEMPLATES / f"{architecture}.jinja").read_text(encoding="utf-8")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[specials.bos, specials.eos, specials.pad, *specials.others],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=specials.bos, eos_token=specials.eos, pad_token=specials.pad
    )
    fast.chat_template = template
    boilerplate = _fixed_text(fast)
    tokenizer.train_from_iterator([*texts, *[boilerplate] * _BOILERPLATE_COPIES], trainer=trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=specials.bos,
        eos_token=specials.eos,
        pad_token=specials.pad,
        additional_special_tokens=list(specials.others),
        chat_template=template,
    )


def _fixed_text(tokenizer: Any) -> str:
    """What the chat template itself writes around a question, without its special tokens."""
    turns = [{"role": "system", "content": " "}, {"role": "user", "content": " "}]
    text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    for specials in SPECIALS.values():
        for token in (specials.bos, specials.eos, specials.pad, *specials.others):
            text = text.replace(token, "\n")
    return text

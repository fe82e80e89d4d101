"""Supervised fine-tuning on chats, of all parameters or of LoRA adapters; only the assistant's tokens are trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput
from tsugiki.rows import Chat, Rejected
from tsugiki.train.config import LoRASFTConfig, SFTConfig
from tsugiki.train.data import Corpus
from tsugiki.train.loop import Metrics
from tsugiki.train.run import train_adapter, train_all
from tsugiki.train.template import load_tokenizer, render_examples, stop_ids
from tsugiki.work import Work


def train_sft(model: Path, chats: Sequence[Chat], out: Path, work: Work, config: SFTConfig) -> Metrics:
    """Train all parameters of a checkpoint on chats.

    Args:
        model: directory of the base checkpoint.
        chats: what to learn; every assistant turn is trained, with its stop token.
        out: directory of the trained checkpoint, with log.jsonl, and rejected.jsonl where chats were set aside.
        work: state of this attempt.
        config: training.

    Returns:
        Metrics of `train_all`, chats and rejected_chats.

    Raises:
        BadInput: no chat, too many that cannot be trained, or no usable model.
        GateFailed: a gate does not hold.
        Preempted: told to stop, or (`OutOfTime`) out of time; the state is saved.
    """
    corpus, rejected = chat_corpus(load_tokenizer(model), model, chats, config)
    metrics = train_all(model, corpus, out, work, config)
    _write_rejected(rejected, out)
    return {**metrics, "chats": len(corpus.documents), "rejected_chats": len(rejected)}


def train_sft_lora(model: Path, chats: Sequence[Chat], out: Path, work: Work, config: LoRASFTConfig) -> Metrics:
    """Train LoRA adapters of a checkpoint on chats; otherwise as `train_sft`, but `out` is a peft adapter."""
    corpus, rejected = chat_corpus(load_tokenizer(model), model, chats, config)
    metrics = train_adapter(model, corpus, out, work, config)
    _write_rejected(rejected, out)
    return {**metrics, "chats": len(corpus.documents), "rejected_chats": len(rejected)}


def chat_corpus(tokenizer: Any, model: Path, chats: Sequence[Chat], config: SFTConfig) -> tuple[Corpus, list[Rejected]]:
    """Tokens of chats, and the chats that cannot be trained.

    Raises:
        BadInput: no chat can be trained, or more are set aside than the configuration allows.
    """
    corpus, rejected, stops = Corpus(), [], stop_ids(tokenizer, model)
    for chat in chats:
        try:
            examples = render_examples(tokenizer, chat.messages, stops)
        except BadInput as error:
            rejected.append(Rejected(source=chat.id, reason="not_renderable", detail=str(error)))
            continue
        longest = max(len(example.ids) for example in examples)
        if longest > config.max_length:
            detail = f"{longest} tokens, over max_length {config.max_length}"
            rejected.append(Rejected(source=chat.id, reason="too_long", detail=detail))
            continue
        corpus.add(examples, config.max_length)
    if len(rejected) > config.max_rejected_share * len(chats) or not corpus.documents:
        first = f"; the first is {rejected[0].source}: {rejected[0].detail}" if rejected else ""
        raise BadInput(
            f"{len(rejected)} of {len(chats)} chats cannot be trained, where max_rejected_share "
            f"{config.max_rejected_share:g} allows {int(config.max_rejected_share * len(chats))}{first}"
        )
    return corpus, rejected


def _write_rejected(rejected: Sequence[Rejected], out: Path) -> None:
    if rejected:
        lines = "".join(row.model_dump_json() + "\n" for row in rejected)
        (out / "rejected.jsonl").write_text(lines, encoding="utf-8")

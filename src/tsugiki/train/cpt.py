"""Continued pretraining of LoRA adapters on documents."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput
from tsugiki.train.config import CPTConfig, Training
from tsugiki.train.data import Corpus
from tsugiki.train.loop import Metrics
from tsugiki.train.run import train_adapter
from tsugiki.train.template import Example, document_ids, load_tokenizer
from tsugiki.work import Work

_TEXTS_AT_ONCE = 1000


def train_cpt(model: Path, texts: Iterable[str], out: Path, work: Work, config: CPTConfig) -> Metrics:
    """Train LoRA adapters of a checkpoint on texts.

    Args:
        model: directory of the base checkpoint.
        texts: documents; blank ones are counted and left out.
        out: directory of the peft adapter, with log.jsonl.
        work: state of this attempt.
        config: adapters and training.

    Returns:
        Metrics of `train_adapter`, documents, corpus_tokens (of all documents, once) and blank_documents.

    Raises:
        BadInput: no text, no usable model, or adapters that it cannot have.
        GateFailed: a gate does not hold.
        Preempted: told to stop, or (`OutOfTime`) out of time; the state is saved.
    """
    tokenizer = load_tokenizer(model)
    corpus, blank = document_corpus(tokenizer, texts, config)
    metrics = train_adapter(model, corpus, out, work, config)
    figures = {"documents": len(corpus.documents), "corpus_tokens": len(corpus.ids), "blank_documents": blank}
    return {**metrics, **figures}


def document_corpus(tokenizer: Any, texts: Iterable[str], config: Training) -> tuple[Corpus, int]:
    """Tokens of documents, and how many blank ones were left out.

    Raises:
        BadInput: every text is blank.
    """
    corpus, blank = Corpus(), 0
    pending: list[str] = []

    def flush() -> None:
        for ids in tokenizer(pending, add_special_tokens=False)["input_ids"] if pending else []:
            whole = document_ids(tokenizer, ids)
            corpus.add([Example(whole, [True] * len(whole))], config.max_length)
        pending.clear()

    for text in texts:
        if not text.strip():
            blank += 1
            continue
        pending.append(text)
        if len(pending) == _TEXTS_AT_ONCE:
            flush()
    flush()
    if not corpus.documents:
        raise BadInput(f"{blank} texts, none with content; give documents to train on")
    return corpus, blank

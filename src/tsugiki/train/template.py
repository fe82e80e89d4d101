"""Chats as token ids, by one code path for training and inference, with the date of the template frozen."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tsugiki.errors import BadInput
from tsugiki.rows import Message

FROZEN_DATE = "2025-08-05"
"""The day every template reads as today, so that the ids of a chat never change."""

_CLOCK = re.compile(r"strftime_now\(\s*(?:\"[^\"]*\"|'[^']*')\s*\)")
_HARMONY = "<|channel|>"


class Example(NamedTuple):
    """One training sequence."""

    ids: list[int]
    targets: list[bool]
    """Per token: whether predicting it is trained."""


def load_tokenizer(path: Path) -> Any:
    """Load the tokenizer of a checkpoint directory, its chat template's date frozen to `FROZEN_DATE`.

    Raises:
        BadInput: the directory holds no tokenizer.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path), local_files_only=True)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: no tokenizer can be read ({error}); give a complete checkpoint") from error
    if isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = freeze_date(tokenizer.chat_template)
    return tokenizer


def freeze_date(template: str) -> str:
    """A chat template that reads `FROZEN_DATE` wherever the given one reads the clock."""
    return _CLOCK.sub(f'"{FROZEN_DATE}"', template)


def is_harmony(tokenizer: Any) -> bool:
    """Whether the tokenizer writes harmony (gpt-oss) messages, which have channels and no BOS."""
    return _HARMONY in tokenizer.get_vocab()


def stop_ids(tokenizer: Any, path: Path) -> frozenset[int]:
    """Ids that end generation: those of the checkpoint's generation_config.json and the tokenizer's EOS."""
    file = path / "generation_config.json"
    listed = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.exists() else None
    ids = listed if isinstance(listed, list) else [listed]
    return frozenset(i for i in [*ids, tokenizer.eos_token_id] if i is not None)


def render_text(tokenizer: Any, messages: Sequence[Message], *, generation: bool) -> str:
    """Render messages with the tokenizer's chat template.

    Args:
        tokenizer: from `load_tokenizer`.
        messages: the turns, in order.
        generation: whether to end with the opening of an assistant turn.

    Raises:
        BadInput: the tokenizer has no chat template, or the template refuses these messages.
    """
    turns = [message.model_dump(exclude_none=True) for message in messages]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=generation)
    except Exception as error:  # a template is a program of its own: it may raise anything
        raise BadInput(f"the chat template cannot render these messages: {error}") from error
    return str(text)


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids of rendered text, to which the tokenizer adds nothing."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def render_prompt(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Token ids after which the model answers: what inference feeds, and what training puts before the answer."""
    return encode(tokenizer, render_text(tokenizer, messages, generation=True))


def document_ids(tokenizer: Any, ids: list[int]) -> list[int]:
    """A document's ids between BOS (none for harmony, which has none) and the end-of-text token."""
    if is_harmony(tokenizer):
        return [*ids, tokenizer.pad_token_id]
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    return [*first, *ids, tokenizer.eos_token_id]


def render_examples(tokenizer: Any, messages: Sequence[Message], stops: frozenset[int]) -> list[Example]:
    """Render one chat into training sequences whose targets are the assistant's tokens up to each stop token.

    Turns share a sequence as long as the sequence so far is exactly the prompt that inference would feed;
    templates that rewrite earlier turns (harmony drops their reasoning) start a new sequence instead.

    Raises:
        BadInput: no assistant turn, no stop token after one, or an answer that merges with its prompt's last token.
    """
    examples: list[Example] = []
    for index, message in enumerate(messages):
        if message.role != "assistant":
            continue
        prompt = render_prompt(tokenizer, messages[:index])
        answer = _answer_ids(tokenizer, messages[: index + 1], prompt, stops)
        if examples and prompt[: len(examples[-1].ids)] == examples[-1].ids:
            last = examples.pop()
            targets = last.targets + [False] * (len(prompt) - len(last.ids))
        else:
            targets = [False] * len(prompt)
        examples.append(Example(prompt + answer, targets + [True] * len(answer)))
    if not examples:
        raise BadInput("the chat has no assistant turn; give it the answer to be learnt")
    return examples


def _answer_ids(tokenizer: Any, messages: Sequence[Message], prompt: list[int], stops: frozenset[int]) -> list[int]:
    """Ids of the last turn's answer, up to and including its stop token."""
    full = encode(tokenizer, render_text(tokenizer, messages, generation=False))
    if full[: len(prompt)] != prompt:
        raise BadInput("the rendered chat does not begin with its own prompt; use a template whose prompt is a prefix")
    ends = [i for i in range(len(prompt), len(full)) if full[i] in stops]
    if not ends:
        raise BadInput("no stop token follows the answer; name the template's end token in generation_config.json")
    return full[len(prompt) : ends[-1] + 1]

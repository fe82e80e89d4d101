"""The work of one generation job: its prompts, their order, and what each answer will be made of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tsugiki.errors import BadInput
from tsugiki.rows import Answer, Chat, Finish, Message, Rejected
from tsugiki.serve import harmony
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Completion, Limits, Refusal, Request
from tsugiki.train.template import is_harmony, render_prompt, stop_ids
from tsugiki.work import Shard


class Sizes(NamedTuple):
    """What a prompt must fit into."""

    context: int
    """Most tokens that the model can attend to."""
    vocabulary: int
    """Embeddings; token ids are below this."""


@dataclass(frozen=True)
class Plan:
    """What is to be generated."""

    requests: tuple[Request, ...]
    """Sorted by prompt length, then chat and sample: neighbours share a batch with little padding."""
    order: tuple[Request | Rejected, ...]
    """The same requests by chat and sample, with what was set aside beforehand in its place."""
    limits: Limits


def make_plan(model: Path, tokenizer: Any, chats: Sequence[Chat], config: GenerateConfig) -> Plan:
    """Render the prompts of all chats in the splits to be answered.

    A prompt is the chat up to its last assistant message. Chats whose prompt and answer may exceed the model's
    context are set aside as `prompt_too_long`, those with a token that the model has no embedding for as
    `unknown_token`: either would end an engine with all its rows.

    Raises:
        BadInput: no chat in these splits, two chats of one id, no stop token, or a template that refuses a chat.
    """
    chosen = [chat for chat in chats if chat.split in config.splits]
    if not chosen:
        raise BadInput(f"none of the {len(chats)} chats is in splits {', '.join(config.splits)}; name their splits")
    if len({chat.id for chat in chosen}) < len(chosen):
        raise BadInput("two chats have the same id; give each its own")
    stops = stop_ids(tokenizer, model)
    if not stops:
        raise BadInput(f"{model}: no token ends an answer; name eos_token_id in generation_config.json")
    sizes = model_sizes(model)
    order: list[Request | Rejected] = []
    for chat in chosen:
        prompt = tuple(render_prompt(tokenizer, prompt_messages(chat, config.system_prompt)))
        order += _requests(chat, prompt, sizes, config)
    requests = [item for item in order if isinstance(item, Request)]
    requests.sort(key=lambda request: (len(request.prompt), request.chat_id, request.sample))
    needed = max((len(request.prompt) for request in requests), default=0) + config.max_new_tokens
    return Plan(tuple(requests), tuple(order), Limits(needed, stops))


def share(plan: Plan, shard: Shard | None, batch_size: int) -> Plan:
    """The part of a plan that one shard does: every count-th batch, so that batches are the same as in one go.

    What was set aside beforehand belongs to the first shard.
    """
    if shard is None:
        return plan
    own = tuple(request for at, request in enumerate(plan.requests) if (at // batch_size) % shard.count == shard.index)
    keys = {request.key for request in own}
    order = tuple(item for item in plan.order if (shard.index == 0 if isinstance(item, Rejected) else item.key in keys))
    return Plan(own, order, plan.limits)


def _requests(chat: Chat, prompt: tuple[int, ...], sizes: Sizes, config: GenerateConfig) -> list[Request | Rejected]:
    fault = _fault(prompt, sizes, config)
    if fault:
        reason, detail = fault
        return [
            Rejected(
                source=chat.id, reason=reason, detail=detail, content=prompt_messages(chat, None)[-1].content[:400]
            )
        ]
    samples = range(config.samples)
    return [Request(chat.id, sample, sample_seed(config.seed, chat.id, sample), prompt) for sample in samples]


def _fault(prompt: tuple[int, ...], sizes: Sizes, config: GenerateConfig) -> tuple[str, str] | None:
    """Why no engine can take this prompt: a countable name, and the details."""
    if len(prompt) + config.max_new_tokens > sizes.context:
        new = config.max_new_tokens
        return (
            "prompt_too_long",
            f"{len(prompt)} prompt tokens and {new} new ones exceed the context of {sizes.context}",
        )
    if max(prompt) >= sizes.vocabulary:
        return "unknown_token", f"token {max(prompt)} is beyond the model's {sizes.vocabulary} embeddings"
    return None


def prompt_messages(chat: Chat, system_prompt: str | None) -> tuple[Message, ...]:
    """The chat up to its last assistant message, with the system prompt before it where it has none."""
    messages = chat.messages[:-1] if chat.messages[-1].role == "assistant" else chat.messages
    if system_prompt is None or messages[0].role == "system":
        return messages
    return (Message(role="system", content=system_prompt), *messages)


def sample_seed(seed: int, chat_id: str, sample: int) -> int:
    """A sample's own seed, 0 to 2**48 - 1, whatever else the job holds."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{chat_id}\0{sample}".encode()).digest()[:6])


def model_sizes(model: Path) -> Sizes:
    """What the model's configuration says about its sizes.

    Raises:
        BadInput: no configuration can be read.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(str(model), local_files_only=True).get_text_config()
    except (OSError, ValueError) as error:
        raise BadInput(f"{model}: no model configuration can be read ({error}); give a checkpoint") from error
    return Sizes(config.max_position_embeddings, config.vocab_size)


class Reader:
    """Turns completions into answers."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._start = tokenizer.convert_tokens_to_ids(harmony.START) if is_harmony(tokenizer) else None

    def row(self, request: Request, completion: Completion | Refusal) -> Answer | Rejected:
        """The row that a completion becomes; a refused request is set aside as `engine_refused`."""
        if isinstance(completion, Refusal):
            return Rejected(source=request.chat_id, reason="engine_refused", detail=completion.detail)
        finish: Finish = "stop" if completion.stopped else "length"
        channels: dict[str, str] = {}
        if self._start is None:
            text = self._tokenizer.decode(list(completion.tokens), skip_special_tokens=True).strip()
        else:
            parsed = harmony.parse(self._opened(request.prompt, completion.tokens, self._start))
            text, channels = parsed.text, parsed.channels
            finish = finish if parsed.answered else "stopped_in_analysis"
        return Answer(
            id=request.chat_id,
            sample=request.sample,
            seed=request.seed,
            text=text,
            channels=channels,
            finish=finish,
            prompt_tokens=len(request.prompt),
            output_tokens=len(completion.tokens),
        )

    def _opened(self, prompt: Sequence[int], tokens: Sequence[int], start: int) -> str:
        """The text from where the prompt opened the message that is completed, special tokens kept."""
        ids = list(prompt)
        opening = ids[len(ids) - 1 - ids[::-1].index(start) :] if start in ids else []
        return str(self._tokenizer.decode([*opening, *tokens], skip_special_tokens=False))

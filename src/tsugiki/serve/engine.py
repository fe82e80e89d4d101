"""The interface behind which engines generate: requests of token ids in, completions of token ids out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tsugiki.serve.config import GenerateConfig


@dataclass(frozen=True)
class Request:
    """One sample to generate."""

    chat_id: str
    sample: int
    """0-based index among the samples of this chat."""
    seed: int
    """Seed of this sample's random numbers, 0 to 2**48 - 1."""
    prompt: tuple[int, ...]
    """Token ids."""

    @property
    def key(self) -> str:
        """Names the request within a job."""
        return f"{self.sample}/{self.chat_id}"


@dataclass(frozen=True)
class Completion:
    """What an engine generated for one request."""

    tokens: tuple[int, ...]
    """Generated token ids, the stop token included where there is one."""
    stopped: bool
    """Whether a stop token ended it; otherwise it was cut at the token limit."""


@dataclass(frozen=True)
class Refusal:
    """Why an engine could not take one request; the others go on."""

    detail: str


Outcome = tuple[Request, Completion | Refusal]


class Engine(Protocol):
    """A loaded model that completes prompts."""

    rows_alone: bool
    """Whether a request may be run apart from those it was batched with: the engine mixes them as it likes anyway."""

    def complete(
        self, requests: Sequence[Request], config: GenerateConfig, check: Callable[[], None]
    ) -> Iterator[list[Outcome]]:
        """Complete a batch, yielding outcomes as they finish, each request once.

        Args:
            requests: at most `batch_size` of them for an engine whose rows are not alone.
            config: how tokens are chosen, and how many at most.
            check: called between tokens; it raises when the run must end.
        """
        ...


@dataclass(frozen=True)
class Limits:
    """What the model and the job allow."""

    context: int
    """Most tokens of prompt and answer together."""
    stops: frozenset[int]
    """Ids that end an answer."""


Opener = Callable[[Path, GenerateConfig, Limits], AbstractContextManager[Engine]]


def open_engine(model: Path, config: GenerateConfig, limits: Limits) -> AbstractContextManager[Engine]:
    """Load a model; leaving the context frees it.

    Args:
        model: a checkpoint directory in the Hugging Face layout.
        config: names the engine, its number format and its batch size.
        limits: of this job; `context` must not exceed the model's own.

    Raises:
        BadInput: the engine is not installed, or the model cannot be loaded.
    """
    if config.engine == "vllm":
        from tsugiki.serve.vllm_engine import VLLMEngine

        return VLLMEngine(model, config, limits)
    from tsugiki.serve.transformers_engine import TransformersEngine

    return TransformersEngine(model, config, limits)

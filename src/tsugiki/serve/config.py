"""How answers are generated."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from tsugiki.config import Config
from tsugiki.rows import Split


class GenerateConfig(Config):
    """Which chats are answered, by which engine, and how tokens are chosen."""

    neutral: ClassVar[tuple[str, ...]] = ("probe_tolerance",)

    engine: Literal["transformers", "vllm"]
    """`transformers` decodes fixed batches; `vllm` keeps a queue full and needs the vLLM image."""
    splits: tuple[Split, ...] = Field(min_length=1)
    """Splits whose chats are answered."""
    system_prompt: str | None = None
    """System message for chats that have none of their own; left out: none."""
    samples: int = Field(ge=1)
    """Answers generated for each chat."""
    temperature: float = Field(ge=0)
    """Softmax temperature; 0 takes the likeliest token at each step."""
    top_p: float = Field(gt=0, le=1)
    """Only the likeliest tokens with this total probability can be drawn; 1 keeps all."""
    max_new_tokens: int = Field(ge=1)
    """Most tokens of one answer, its stop token included."""
    seed: int
    """Seed from which every sample's own seed is derived."""
    batch_size: int = Field(ge=1)
    """Answers decoded side by side."""
    dtype: Literal["float32", "bfloat16", "float16"]
    """Number format of weights and activations."""
    repeat: str = ""
    """Why the same answers are generated anew, such as the night of a nightly evaluation: each value makes its own.
    Empty: once is enough."""
    probe_tolerance: float = Field(default=0.5, ge=0)
    """Largest gap in logits that counts as a tie where vllm first departs from transformers on one of the job's own
    prompts; above it the job fails. The default suits bfloat16, where logits from 16 to 32 lie 1/8 apart: each of the
    two may be off by two such steps; float32 can do with 0.001."""

    def identity(self) -> Any:
        """As that of every configuration; an empty `repeat` is no part of it."""
        values = super().identity()
        return values if self.repeat else {name: value for name, value in values.items() if name != "repeat"}

    @model_validator(mode="after")
    def _check(self) -> "GenerateConfig":
        if self.temperature == 0 and self.samples > 1:
            raise ValueError(
                f"samples is {self.samples} at temperature 0, where all would be equal: "
                "set samples to 1 or raise the temperature"
            )
        return self

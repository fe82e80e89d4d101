"""Configurations of the training stages; what the configuration itself shows to be impossible is refused here."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from tsugiki.config import Config

EXPERTS = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")
"""The fused expert parameters of gpt_oss, as `LoRA.expert_targets` names them."""

Dtype = Literal["float32", "bfloat16"]


class LoRA(Config):
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685): W + alpha / r * B A."""

    r: int = Field(ge=1)
    """Rank of every adapter."""
    alpha: float = Field(gt=0)
    """Numerator of the scale alpha / r."""
    dropout: float = Field(ge=0, lt=1)
    """Share of an adapter's inputs dropped in training; 0 where experts are adapted."""
    targets: tuple[str, ...]
    """Names of the linear modules adapted in every layer (`q_proj`)."""
    expert_targets: tuple[str, ...] = ()
    """Fused expert parameters adapted in every layer (`mlp.experts.down_proj`); only gpt_oss has them."""

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if not self.targets and not self.expert_targets:
            raise ValueError("targets is empty, so nothing would be trained; name at least one module")
        unknown = [name for name in self.expert_targets if name not in EXPERTS]
        if unknown:
            raise ValueError(
                f"expert_targets {unknown[0]!r} is not a fused parameter; choose from {', '.join(EXPERTS)}"
            )
        if len({*self.targets, *self.expert_targets}) < len(self.targets) + len(self.expert_targets):
            raise ValueError(f"targets {list(self.targets)} names a module twice; name each once")
        if self.expert_targets and self.dropout:
            raise ValueError(
                f"dropout {self.dropout:g} cannot be applied to fused experts, whose adapter is added to the weight "
                "and not to its input; set dropout to 0 or leave expert_targets empty"
            )
        return self


class Optimizer(Config):
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) and its learning rate over the steps."""

    name: Literal["adamw", "adamw_8bit"]
    """`adamw` keeps its moments in 32 bits, `adamw_8bit` (Dettmers et al. 2021, arXiv 2110.02861) in 8."""
    learning_rate: float = Field(gt=0)
    """Learning rate after warm-up."""
    schedule: Literal["constant", "linear", "cosine"]
    """How the learning rate falls from the end of the warm-up to the last step: not at all, or to 0."""
    warmup: float = Field(ge=0, le=1)
    """Share of the steps over which the learning rate rises linearly; the first step never has rate 0."""
    weight_decay: float = Field(ge=0)
    """Decoupled weight decay, applied to parameters of two or more dimensions."""
    betas: tuple[float, float]
    """Decay of the first and of the second moment."""
    max_grad_norm: float = Field(gt=0)
    """Gradients of a larger global L2 norm are scaled down to it."""

    @model_validator(mode="after")
    def _betas_decay(self) -> Self:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas {list(self.betas)} must lie in [0, 1); the usual pair is [0.9, 0.999]")
        return self


class Training(Config):
    """What every training run states."""

    neutral: ClassVar[tuple[str, ...]] = ("gradient_checkpointing", "save_every")

    batch_size: int = Field(ge=1)
    """Documents (or packed rows, where packing is `rows`) of one accumulation step."""
    gradient_accumulation: int = Field(ge=1)
    """Accumulation steps in one optimizer step, which sees batch_size * gradient_accumulation documents or rows."""
    epochs: int | None = Field(default=None, ge=1)
    """Passes over the data. State either this or max_steps."""
    max_steps: int | None = Field(default=None, ge=1)
    """Optimizer steps, over as many passes as they take. State either this or epochs."""
    max_length: int = Field(ge=8)
    """Longest sequence, in tokens. A longer document is trained in parts; a longer chat is set aside."""
    packing: Literal["documents", "rows", "none"]
    """`documents`: batch_size counts documents, packed without padding; `rows`: documents are first packed into rows
    of max_length and batch_size counts rows; `none`: one document a row, padded."""
    forward_tokens: int = Field(ge=8)
    """Tokens, padding included, of one forward pass: bounds memory. The loss does not depend on it but for rounding."""
    seed: int = Field(ge=0, lt=2**32)
    """Seed of the order of the data, of the adapters' initial values and of dropout."""
    dtype: Dtype
    """Precision of the arithmetic and of frozen weights. Trained parameters are kept in float32."""
    gradient_checkpointing: bool
    """Whether activations are computed twice to save memory; the result is the same."""
    save_every: int = Field(ge=1)
    """Optimizer steps between saved states."""
    optimizer: Optimizer
    """How parameters are updated."""

    @model_validator(mode="after")
    def _states_its_length(self) -> Self:
        if (self.epochs is None) == (self.max_steps is None):
            raise ValueError(f"epochs {self.epochs} and max_steps {self.max_steps}: state exactly one of them")
        if self.forward_tokens < self.max_length:
            raise ValueError(
                f"forward_tokens {self.forward_tokens} is below max_length {self.max_length}, so that a full row "
                "fits no forward pass; raise it to max_length or more"
            )
        return self


class LoRATraining(Training):
    """What every training of LoRA adapters states."""

    lora: LoRA
    """The adapters."""
    quantization: Literal["none", "nf4"]
    """How frozen weights are held: `none` in dtype, `nf4` in 4 bits (Dettmers et al. 2023, arXiv 2305.14314)."""

    @model_validator(mode="after")
    def _quantization_keeps_experts(self) -> Self:
        if self.quantization == "nf4" and self.lora.expert_targets:
            raise ValueError(
                f"expert_targets {self.lora.expert_targets[0]!r} cannot be adapted under quantization nf4, which holds "
                "fused experts as packed 4-bit blocks; set quantization to none or leave expert_targets empty"
            )
        return self


class CPTConfig(LoRATraining):
    """Continued pretraining of LoRA adapters on documents."""


class SFTConfig(Training):
    """Supervised fine-tuning of all parameters on chats; the loss covers the assistant's tokens only."""

    max_rejected_share: float = Field(ge=0, le=1)
    """Share of the chats that may be set aside (too long, not renderable) before the run is refused."""


class LoRASFTConfig(LoRATraining, SFTConfig):
    """Supervised fine-tuning of LoRA adapters on chats."""


class Shape(Config):
    """Sizes of a tiny model."""

    vocabulary: int = Field(ge=300)
    """Tokens of the byte-level BPE, special tokens included."""
    hidden: int = Field(ge=8)
    """Width of the residual stream."""
    intermediate: int = Field(ge=8)
    """Width of the feed-forward layer (of one expert, for gpt_oss)."""
    layers: int = Field(ge=1)
    """Decoder layers."""
    heads: int = Field(ge=1)
    """Attention heads."""
    kv_heads: int = Field(ge=1)
    """Key and value heads; divides heads."""
    head_dim: int = Field(ge=2, multiple_of=2)
    """Width of one head."""
    positions: int = Field(ge=8)
    """Longest context, in tokens."""
    tied: bool
    """Whether the output layer shares the embedding's weights."""
    sliding_window: int | None = Field(default=None, ge=1)
    """Context of every sliding-window layer, in tokens; gpt_oss and gemma3 need it, llama has none."""
    experts: int | None = Field(default=None, ge=2)
    """Experts of a layer; only gpt_oss."""
    experts_per_token: int | None = Field(default=None, ge=1)
    """Experts that one token passes through; only gpt_oss."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.heads % self.kv_heads:
            raise ValueError(f"kv_heads {self.kv_heads} does not divide heads {self.heads}; choose a divisor")
        if (self.experts is None) != (self.experts_per_token is None):
            raise ValueError("experts and experts_per_token belong together; state both or neither")
        if self.experts and self.experts_per_token and self.experts_per_token > self.experts:
            raise ValueError(f"experts_per_token {self.experts_per_token} exceeds experts {self.experts}; lower it")
        return self


class BaseConfig(Training):
    """A tiny model of a true architecture, briefly pretrained on the given texts."""

    architecture: Literal["llama", "gpt_oss", "gemma3"]
    """Which model class of transformers is built."""
    shape: Shape
    """Sizes of the model."""

    @model_validator(mode="after")
    def _shape_fits(self) -> Self:
        needs = {"llama": (False, False), "gemma3": (True, False), "gpt_oss": (True, True)}[self.architecture]
        for name, needed in zip(("sliding_window", "experts"), needs, strict=True):
            if (getattr(self.shape, name) is not None) != needed:
                verb = "needs" if needed else "has no"
                raise ValueError(f"{self.architecture} {verb} shape.{name}; {'state' if needed else 'remove'} it")
        if self.max_length > self.shape.positions:
            raise ValueError(f"max_length {self.max_length} exceeds shape.positions {self.shape.positions}; lower it")
        return self


class MergeConfig(Config):
    """Folding an adapter into its base model."""

    dtype: Dtype
    """Precision of the merged checkpoint."""
    tolerance: float = Field(gt=0, lt=1)
    """Largest difference between logits of the merged model and of base + adapter, as a share of the largest logit."""

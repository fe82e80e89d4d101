"""Tiny bases, texts, chats and configurations shared by the training tests."""

import hashlib
from pathlib import Path
from typing import Any

from tsugiki.rows import Chat, Message
from tsugiki.train.config import EXPERTS, BaseConfig, CPTConfig, LoRA, LoRASFTConfig, Optimizer, SFTConfig, Shape
from tsugiki.work import Work

ARCHITECTURES = ("llama", "gpt_oss", "gemma3")
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TEXTS = [f"作品{i}は{1990 + i}年の星の旅の物語である。監督は山田{i}。" * (1 + i % 3) for i in range(12)]
OPTIMIZER = Optimizer(
    name="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    warmup=0.1,
    weight_decay=0.01,
    betas=(0.9, 0.999),
    max_grad_norm=1.0,
)


def training(**changes: Any) -> dict[str, Any]:
    """Fields of a short run of 6 steps over the 12 texts."""
    fields: dict[str, Any] = {
        "batch_size": 2,
        "gradient_accumulation": 2,
        "epochs": 2,
        "max_length": 96,
        "packing": "documents",
        "forward_tokens": 512,
        "seed": 7,
        "dtype": "float32",
        "gradient_checkpointing": False,
        "save_every": 2,
        "optimizer": OPTIMIZER,
    }
    return fields | changes


def lora(architecture: str, **changes: Any) -> LoRA:
    """Adapters of everything the architecture has."""
    gpt_oss = architecture == "gpt_oss"
    fields: dict[str, Any] = {"r": 4, "alpha": 8, "dropout": 0.0 if gpt_oss else 0.1}
    fields |= {"targets": LINEAR[:4] if gpt_oss else LINEAR, "expert_targets": EXPERTS if gpt_oss else ()}
    return LoRA(**fields | changes)


def base_config(architecture: str, **changes: Any) -> BaseConfig:
    """A model of two layers and about 50,000 parameters."""
    shape = Shape(
        vocabulary=400,
        hidden=32,
        intermediate=48,
        layers=2,
        heads=4,
        kv_heads=2,
        head_dim=8,
        positions=256,
        tied=architecture == "gemma3",
        sliding_window=None if architecture == "llama" else 16,
        experts=4 if architecture == "gpt_oss" else None,
        experts_per_token=2 if architecture == "gpt_oss" else None,
    )
    return BaseConfig(architecture=architecture, shape=shape, **training(**changes))  # type: ignore[arg-type]


def cpt_config(architecture: str, **changes: Any) -> CPTConfig:
    """CPT of every adapter."""
    fields = {"lora": lora(architecture), "quantization": "none"} | changes
    return CPTConfig(**training(**fields))


def sft_config(**changes: Any) -> SFTConfig:
    """SFT of all parameters."""
    return SFTConfig(**training(max_length=200, max_rejected_share=0.0, **changes))


def lora_sft_config(architecture: str, **changes: Any) -> LoRASFTConfig:
    """SFT of every adapter."""
    fields = {
        "lora": lora(architecture),
        "quantization": "none",
        "max_length": 200,
        "max_rejected_share": 0.0,
    } | changes
    return LoRASFTConfig(**training(**fields))


def chat(*turns: str, name: str = "c", thinking: str | None = None) -> Chat:
    """A chat of alternating user and assistant turns; `thinking` goes to every assistant turn."""
    messages = [
        Message(role="assistant", content=turn, thinking=thinking) if index % 2 else Message(role="user", content=turn)
        for index, turn in enumerate(turns)
    ]
    return Chat(id=name, fact=name, messages=tuple(messages))


CHATS = [chat(f"作品{i}の監督は?", f"山田{i}", name=str(i)) for i in range(12)]


def work(path: Path) -> Work:
    """A first or later attempt whose state lies under a directory."""
    path.mkdir(parents=True, exist_ok=True)
    return Work(path)


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every file of a directory."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(directory.iterdir())}

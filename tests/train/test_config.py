"""Configurations: what cannot work is refused with its reason, and the reference recipes can be stated."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tests.train.tiny import LINEAR, OPTIMIZER, base_config, cpt_config, lora, lora_sft_config, training
from tsugiki.train.config import EXPERTS, CPTConfig, LoRA, LoRASFTConfig, Optimizer, SFTConfig

ADAM8 = Optimizer(**OPTIMIZER.model_dump() | {"name": "adamw_8bit", "learning_rate": 2e-4, "schedule": "linear"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"r": -8}, "greater than or equal to 1"),
        ({"targets": ()}, "nothing would be trained"),
        ({"targets": ("q_proj", "q_proj")}, "names a module twice"),
        ({"expert_targets": ("mlp.experts.up_proj",)}, "is not a fused parameter"),
        ({"expert_targets": EXPERTS, "dropout": 0.05}, "cannot be applied to fused experts"),
    ],
)
def test_adapters_that_cannot_work_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        lora("llama", **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_steps": 3}, "state exactly one"),
        ({"epochs": None}, "state exactly one"),
        ({"forward_tokens": 64}, "fits no forward pass"),
        ({"quantization": "nf4", "lora": lora("gpt_oss")}, "packed 4-bit blocks"),
        ({"learning_rate": 1.0}, "Extra inputs"),
        ({"optimizer": OPTIMIZER.model_dump() | {"betas": (0.9, 1.0)}}, "must lie in"),
    ],
)
def test_training_that_cannot_work_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        cpt_config("llama", **changes)


def test_shapes_must_fit_their_architecture() -> None:
    shape = base_config("llama").shape
    with pytest.raises(ValidationError, match="gpt_oss needs shape.sliding_window"):
        base_config("gpt_oss").model_validate(base_config("llama").model_dump() | {"architecture": "gpt_oss"})
    with pytest.raises(ValidationError, match="does not divide"):
        type(shape)(**shape.model_dump() | {"kv_heads": 3})


def test_reference_recipes_can_be_stated() -> None:
    """E0 to E3 with their own hyper-parameters."""
    gpt_oss = LoRA(r=8, alpha=16, dropout=0, targets=LINEAR[:4], expert_targets=EXPERTS)
    run = training(optimizer=ADAM8, batch_size=4, gradient_accumulation=1, epochs=30, dtype="bfloat16")
    assert LoRASFTConfig(**run, lora=gpt_oss, quantization="none", max_rejected_share=0).epochs == 30
    e1 = LoRA(r=16, alpha=32, dropout=0.05, targets=LINEAR[:4])
    run = training(optimizer=ADAM8, batch_size=8, gradient_accumulation=2, epochs=3)
    assert CPTConfig(**run, lora=e1, quantization="none").lora.dropout == 0.05
    assert SFTConfig(**training(optimizer=ADAM8, batch_size=4, epochs=3), max_rejected_share=0.01).batch_size == 4
    run = training(max_steps=100, epochs=None, batch_size=1, gradient_accumulation=4, packing="rows", seed=42)
    run |= {"max_length": 4096, "forward_tokens": 4096, "gradient_checkpointing": True, "optimizer": ADAM8}
    e3 = LoRA(r=8, alpha=16, dropout=0, targets=LINEAR[:4])
    assert LoRASFTConfig(**run, lora=e3, quantization="nf4", max_rejected_share=0).max_steps == 100


def test_configuration_imports_nothing_heavy() -> None:
    code = (
        "import sys, tsugiki.train.config, tsugiki.train.template;"
        "assert not {'torch', 'transformers', 'peft', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nf4_without_experts_is_allowed() -> None:
    assert lora_sft_config("llama", quantization="nf4").quantization == "nf4"

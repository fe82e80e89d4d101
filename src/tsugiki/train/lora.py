"""LoRA adapters through peft: attached, counted, and written so that equal weights are equal bytes."""

import json
import re
from pathlib import Path
from typing import Any

import torch

from tsugiki.errors import BadInput
from tsugiki.train.config import LoRA


def add_lora(model: Any, lora: LoRA, seed: int) -> Any:
    """Attach fresh adapters to the text layers of a model, in place.

    Returns:
        The peft model around it.

    Raises:
        BadInput: a target that no layer has.
    """
    from peft import LoraConfig, get_peft_model

    _check_names(model, lora)
    torch.manual_seed(seed)
    prefix = layers_prefix(model)
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=rf"{re.escape(prefix)}\.\d+\..*\b({'|'.join(lora.targets)})" if lora.targets else [],
        target_parameters=[*lora.expert_targets] or None,
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def layers_prefix(model: Any) -> str:
    """Name of the list of text layers inside a model (`model.layers`)."""
    layers = model.get_decoder().layers
    return str(next(name for name, module in model.named_modules() if module is layers))


def save_adapter(adapted: Any, out: Path) -> None:
    """Write a peft adapter directory that holds no path, no time and no order of a set."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    out.mkdir(parents=True, exist_ok=True)
    weights = get_peft_model_state_dict(adapted)
    plain = {name: weights[name].detach().cpu().contiguous() for name in sorted(weights)}
    save_file(plain, str(out / "adapter_model.safetensors"), metadata={"format": "pt"})
    config = adapted.peft_config["default"].to_dict()
    config |= {"base_model_name_or_path": None, "inference_mode": True}
    text = json.dumps(config, indent=2, sort_keys=True, default=lambda value: sorted(value))
    (out / "adapter_config.json").write_text(text + "\n", encoding="utf-8")


def _check_names(model: Any, lora: LoRA) -> None:
    """Refuse targets that no layer has; those that only some layers have are left to the gate."""
    layers = model.get_decoder().layers
    linear = {n.split(".")[-1] for n, m in layers.named_modules() if isinstance(m, torch.nn.Linear)}
    fused = {".".join(name.split(".")[1:]) for name, _ in layers.named_parameters()}
    kind = model.config.get_text_config().model_type
    for name in lora.targets:
        if name not in linear:
            raise BadInput(
                f"LoRA target {name!r} is no linear module of {kind}, whose layers have {', '.join(sorted(linear))}"
                + ("; adapt its fused experts through expert_targets" if any("experts." in n for n in fused) else "")
            )
    for name in lora.expert_targets:
        if name not in fused:
            raise BadInput(f"LoRA expert target {name!r} is no parameter of {kind}; leave expert_targets empty")

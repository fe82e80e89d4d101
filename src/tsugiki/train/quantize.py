"""Frozen weights in 4 bits: linear modules and, which bitsandbytes leaves alone, the fused experts."""

from pathlib import Path
from typing import Any

import torch

from tsugiki.train.config import Dtype
from tsugiki.train.model import load_model


def load_quantized(path: Path, dtype: Dtype, place: torch.device) -> Any:
    """Load a checkpoint with the linear modules and experts of its text layers in NF4, computing in dtype.

    The weights are quantised layer by layer on their way to the device, which never holds the 16-bit model.
    """
    from bitsandbytes.nn.parametrize import replace_parameter_4bit

    model = load_model(path, dtype, place)
    for layer in model.get_decoder().layers:
        for name, module in list(layer.named_modules()):
            if isinstance(module, torch.nn.Linear):
                owner = layer.get_submodule(name.rpartition(".")[0])
                setattr(owner, name.rpartition(".")[2], _linear_4bit(module, getattr(torch, dtype), place))
            elif hasattr(module, "gate_up_proj") and isinstance(module.gate_up_proj, torch.nn.Parameter):
                module.to(place)
                replace_parameter_4bit(module, "gate_up_proj", compress_statistics=True, quant_type="nf4")
                replace_parameter_4bit(module, "down_proj", compress_statistics=True, quant_type="nf4")
        layer.to(place)
    model.is_loaded_in_4bit = True  # peft chooses its 4-bit adapters by it
    return model.to(place)


def _linear_4bit(module: torch.nn.Linear, dtype: torch.dtype, place: torch.device) -> Any:
    from bitsandbytes.nn import Linear4bit, Params4bit

    quantized = Linear4bit(
        module.in_features, module.out_features, module.bias is not None, dtype, quant_type="nf4", device="meta"
    )
    quantized.weight = Params4bit(module.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=True)
    quantized.bias = module.bias
    # The kernel for CPUs with AVX-512 repacks the weights on their first evaluation and rounds their scales.
    quantized.support_avx512bf16_for_cpu = False
    return quantized.to(place)

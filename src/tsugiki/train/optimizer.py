"""The optimizer, and the learning rate as a function of the step alone."""

import math
from collections.abc import Iterable
from typing import Any

import torch

from tsugiki.train import config


def build_optimizer(parameters: Iterable[torch.nn.Parameter], settings: config.Optimizer) -> Any:
    """AdamW over parameters; those of fewer than two dimensions are not decayed."""
    listed = list(parameters)
    groups = [
        {"params": [p for p in listed if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in listed if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if settings.name == "adamw_8bit":
        from bitsandbytes.optim import AdamW8bit

        return AdamW8bit(groups, lr=settings.learning_rate, betas=settings.betas)
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas, fused=True)


def learning_rate(settings: config.Optimizer, step: int, steps: int) -> float:
    """Learning rate of a 0-based step of `steps`.

    It rises linearly over the warm-up and is never 0 in the first step, whose gradients a gate inspects.
    """
    warm = math.ceil(settings.warmup * steps)
    if step < warm:
        return settings.learning_rate * (step + 1) / (warm + 1)
    done = (step - warm) / max(1, steps - warm)
    share = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}[settings.schedule]
    return settings.learning_rate * share

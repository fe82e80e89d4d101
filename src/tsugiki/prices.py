"""What machines cost: prices by the hour, and what a stage's use of them comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydantic import Field, field_validator

from tsugiki.config import Config


class Prices(Config):
    """Prices of the machines that stages run on, each for an hour of one unit."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """ISO 4217 code (EUR, JPY, USD)."""
    gpu_hour: float | dict[str, float] = Field(default_factory=dict)
    """One GPU: one price, or a price by product, named as its driver or the label `nvidia.com/gpu.product` names it."""
    cpu_hour: float = Field(default=0.0, ge=0)
    """One core, in addition to the GPUs; 0 where cores come with them."""

    @field_validator("gpu_hour")
    @classmethod
    def _not_negative(cls, gpu_hour: float | dict[str, float]) -> float | dict[str, float]:
        negative = [price for price in (gpu_hour.values() if isinstance(gpu_hour, dict) else [gpu_hour]) if price < 0]
        if negative:
            raise ValueError(f"the price {negative[0]} is negative")
        return gpu_hour

    def cost(self, *, gpu_seconds: float, cpu_seconds: float, device: str) -> float | None:
        """Money for the use of a machine; None where GPUs were used that have no price.

        Args:
            gpu_seconds: seconds times GPUs.
            cpu_seconds: seconds times cores.
            device: the GPU's product, with spaces as drivers write it or with hyphens as labels do.
        """
        gpu_hour = self._gpu_hour(device) if gpu_seconds else 0.0
        return None if gpu_hour is None else (gpu_seconds * gpu_hour + cpu_seconds * self.cpu_hour) / 3600

    def _gpu_hour(self, device: str) -> float | None:
        if not isinstance(self.gpu_hour, dict):
            return self.gpu_hour
        return {_label(product): price for product, price in self.gpu_hour.items()}.get(_label(device))


def _label(product: str) -> str:
    return product.replace(" ", "-").lower()


def total(values: Iterable[float | None]) -> float:
    """The sum of what is known."""
    return math.fsum(value for value in values if value is not None)


def amount(money: float, everything: float) -> str:
    """An amount with the decimals of the sum it is part of: two, and below one as many as show two digits of it."""
    small = 0 < everything < 1
    return f"{money:,.{min(8, 1 - math.floor(math.log10(everything))) if small else 2}f}"

"""Prices: what they accept, and that they change no identity."""

from typing import Any

import pytest

from jobs.report import ReportConfig
from tsugiki.errors import BadInput
from tsugiki.prices import Prices, amount


def test_a_gpu_has_the_price_of_its_product_in_either_spelling() -> None:
    prices = Prices(currency="USD", gpu_hour={"NVIDIA-H100-80GB-HBM3": 3.0, "NVIDIA L4": 1.0})
    for device, price in {"NVIDIA H100 80GB HBM3": 3.0, "NVIDIA-L4": 1.0, "NVIDIA A100": None}.items():
        assert prices.cost(gpu_seconds=3600, cpu_seconds=0, device=device) == price


def test_one_price_serves_every_gpu() -> None:
    prices = Prices(currency="USD", gpu_hour=2.0, cpu_hour=0.1)
    assert prices.cost(gpu_seconds=7200, cpu_seconds=36000, device="anything") == pytest.approx(5.0)


def test_cores_need_no_price_of_a_gpu() -> None:
    assert Prices(currency="USD", cpu_hour=0.1).cost(gpu_seconds=0, cpu_seconds=3600, device="CPU, 2 cores") == 0.1


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"currency": "euro"}, "euro"),
        ({"currency": "EUR", "gpu_hour": -2.0}, "-2.0 is negative"),
        ({"currency": "EUR", "gpu_hour": {"NVIDIA-L4": -0.5}}, "-0.5 is negative"),
        ({"currency": "EUR", "cpu_hour": float("inf")}, "cpu_hour"),
        ({"currency": "EUR", "gpu": 1.0}, "unknown key gpu"),
    ],
)
def test_what_cannot_be_a_price_is_named(values: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        Prices.parse(values, "[prices]")


def test_prices_are_no_part_of_a_reports_identity() -> None:
    plain = ReportConfig(title="T", description="D")
    priced = ReportConfig(title="T", description="D", prices=Prices(currency="EUR", cpu_hour=1.0))
    assert priced.identity() == plain.identity() == {"title": "T", "description": "D"}
    assert ReportConfig.parse(priced.model_dump_json(), "config") == priced


@pytest.mark.parametrize(
    ("money", "everything", "shown"),
    [
        (1234.5, 2000.0, "1,234.50"),
        (0.004, 1.0, "0.00"),
        (0.004, 0.5, "0.00"),
        (0.0123, 0.0456, "0.012"),
        (0.0, 0.0, "0.00"),
        (1e-12, 1e-12, "0.00000000"),
    ],
)
def test_amounts_have_the_decimals_of_their_sum(money: float, everything: float, shown: str) -> None:
    assert amount(money, everything) == shown

"""What stages took and cost: every stage once, all its attempts, and nothing outside `time` that a clock decides."""

import re
from dataclasses import replace

import pytest

from tsugiki.prices import Prices
from tsugiki.report.costs import spent
from tsugiki.report.data import ReportData
from tsugiki.report.page import render

PRICES = Prices(currency="EUR", gpu_hour={"NVIDIA-H100-80GB-HBM3": 36.0}, cpu_hour=3.6)


def timeless(page: str) -> str:
    return re.sub(r"<time.*?</time>", "", page, flags=re.DOTALL)


def cost_cells(page: str) -> list[str]:
    section = page[page.index('<section id="cost">') :]
    rows = re.findall(r"<tr>(.*?)</tr>", section[: section.index("</table>")])
    return [re.sub(r"<.*?>", "", row.rpartition("<t")[2].partition(">")[2]) for row in rows]


def test_money_is_the_price_of_gpus_and_cores_by_the_hour(data: ReportData) -> None:
    found = spent(data.stages, PRICES)
    assert found["currency"] == "EUR"
    assert found["stages"]["import_pages"]["cost"] == pytest.approx(0.0065)
    assert found["stages"]["train_cpt"]["cost"] == pytest.approx(1.22 + 0.244)
    assert found["total"]["cost"] == pytest.approx(1.4705)
    assert found["total"]["gpu_seconds"] == 122.0


def test_the_page_shows_money_for_every_stage_and_in_all(data: ReportData) -> None:
    page = render(replace(data, prices=PRICES))
    assert cost_cells(page) == ["EUR", "0.01", "1.46", "1.47"]
    assert "NVIDIA-H100-80GB-HBM3 36, core 3.6." in page
    assert "3 attempts" in page


def test_small_sums_keep_two_digits(data: ReportData) -> None:
    cheap = Prices(currency="JPY", gpu_hour=0.036, cpu_hour=0.0036)
    assert cost_cells(render(replace(data, prices=cheap))) == ["JPY", "0.0000", "0.0015", "0.0015"]


def test_a_gpu_without_a_price_is_named_and_left_out_of_the_total(data: ReportData) -> None:
    other = Prices(currency="EUR", gpu_hour={"NVIDIA-L4": 1.0}, cpu_hour=3.6)
    found = spent(data.stages, other)
    assert found["stages"]["train_cpt"]["cost"] is None
    assert found["total"]["cost"] == pytest.approx(0.0065)
    page = render(replace(data, prices=other))
    assert "Not in the total, for want of a price: NVIDIA H100 80GB HBM3." in page
    assert "no price" in cost_cells(page)


def test_what_an_earlier_run_made_is_marked_and_not_spent_again(data: ReportData) -> None:
    made, fresh = (replace(s, cached=cached) for s, cached in zip(data.stages, (True, False), strict=True))
    found = spent((made, fresh), PRICES)
    assert found["total"]["cost"] == pytest.approx(1.4705)
    assert found["this_run"] == {"seconds": 61.0, "gpu_seconds": 122.0, "cpu_seconds": 244.0, "cost": 1.464}
    page = render(replace(data, stages=(made, fresh), prices=PRICES))
    assert cost_cells(page) == ["EUR", "0.01", "1.46", "1.46", "1.47"]
    assert page.count("made before") == 1


def test_without_run_names_nothing_is_said_of_earlier_runs(data: ReportData) -> None:
    assert "this_run" not in spent(data.stages, PRICES)
    assert "This run" not in render(replace(data, prices=PRICES))


def test_without_prices_no_money_is_shown(data: ReportData) -> None:
    assert "cost" not in spent(data.stages, None)["total"]
    assert 'id="cost"' not in render(data)


def test_pages_of_two_runs_differ_in_time_elements_only(data: ReportData) -> None:
    slower = tuple(
        replace(s, seconds=s.seconds * 9, gpu_seconds=s.gpu_seconds * 9, cpu_seconds=s.cpu_seconds * 9, attempts=7)
        for s in data.stages
    )
    first, second = (render(replace(data, prices=PRICES, stages=stages)) for stages in (data.stages, slower))
    assert first != second
    assert timeless(first) == timeless(second)

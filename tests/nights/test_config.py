"""Nights by date and by timestamp: one form for each, one order, and clear refusals."""

from datetime import UTC, date, datetime

import pytest

from tsugiki.errors import BadInput
from tsugiki.nights.config import NightConfig, moment
from tsugiki.plan import NOW


def night(value: object) -> str:
    stated = {"series": "s", "night": value, "margin": 0.0, "confidence": 0.95}
    return NightConfig.parse(stated, "test").night


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-11-24", "2026-11-24"),
        (date(2026, 11, 24), "2026-11-24"),
        ("2026-11-24T02:00:00Z", "2026-11-24T02:00:00Z"),
        ("2026-11-24T02:00:00+00:00", "2026-11-24T02:00:00Z"),
        ("2026-11-24T02:00+09:00", "2026-11-24T02:00:00+09:00"),
        (datetime(2026, 11, 24, 2, tzinfo=UTC), "2026-11-24T02:00:00Z"),
        (NOW, NOW),
    ],
)
def test_a_night_has_one_form(given: object, kept: str) -> None:
    assert night(given) == kept


@pytest.mark.parametrize("given", ["", "yesterday", "2026-11-24T02:00:00", "2026-13-01", "20261124", 20261124])
def test_what_is_no_night_is_refused(given: object) -> None:
    with pytest.raises(BadInput, match="night: .*") as refused:
        night(given)
    assert "\n" not in str(refused.value)


def test_nights_are_ordered_by_time_and_not_by_their_text() -> None:
    order = ["2026-11-23T23:30:00Z", "2026-11-24", "2026-11-24T09:30:00+09:00", "2026-11-24T00:31:00Z"]
    assert sorted(order[2:] + order[:2], key=moment) == order
    assert order != sorted(order)


def test_prices_are_no_part_of_the_identity() -> None:
    config = NightConfig(series="s", night="2026-11-24", margin=0.0, confidence=0.95)
    assert set(config.identity()) == {"series", "night", "margin", "confidence"}

"""Times of a schedule: those that Argo reads and starts, and when they come next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tsugiki.cron import Times

FRIDAY = "2026-11-27T03:00"


@pytest.mark.parametrize(
    ("text", "after", "time"),
    [
        ("0 3 * * *", "2026-11-27T02:59", FRIDAY),
        ("0 3 * * *", FRIDAY, "2026-11-28T03:00"),
        ("@daily", FRIDAY, "2026-11-28T00:00"),
        ("@weekly", FRIDAY, "2026-11-29T00:00"),
        ("@yearly", FRIDAY, "2027-01-01T00:00"),
        ("*/20 * * * *", FRIDAY, "2026-11-27T03:20"),
        ("5/20 4-5 * * *", FRIDAY, "2026-11-27T04:05"),
        ("10,50 3 * * *", FRIDAY, "2026-11-27T03:10"),
        ("0 3 ? dec Mon-WED/2", FRIDAY, "2026-12-02T03:00"),
        ("0 3 29 FEB *", FRIDAY, "2028-02-29T03:00"),
        ("0 3 31 2,3 *", FRIDAY, "2027-03-31T03:00"),
        # day and weekday: either is enough, unless one is left open
        ("0 3 1 * SUN", FRIDAY, "2026-11-29T03:00"),
        ("0 3 31 2 SUN", FRIDAY, "2027-02-07T03:00"),
        ("0 3 */31 * SUN", FRIDAY, "2026-11-29T03:00"),
        ("0 3 */1 * MON", FRIDAY, "2026-11-30T03:00"),
        ("0 3 1 * *", FRIDAY, "2026-12-01T03:00"),
    ],
)
def test_the_next_time(text: str, after: str, time: str) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    found = Times.read(text).after(datetime.fromisoformat(after).replace(tzinfo=zone), zone)
    assert found.isoformat(timespec="minutes") == f"{time}+09:00"


def test_a_time_that_a_change_of_clocks_leaves_out_does_not_come() -> None:
    zone = ZoneInfo("Europe/Berlin")
    found = Times.read("30 2 * * *").after(datetime(2027, 3, 27, 12, tzinfo=zone), zone)
    assert found.isoformat() == "2027-03-29T02:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("99 99 * * *", "minute '99' is not from 0 to 59"),
        ("0 24 * * *", "hour '24' is not from 0 to 23"),
        ("a b c d e", "minute 'a' is not from 0 to 59"),
        ("0 3 0 * *", "day '0' is not from 1 to 31"),
        ("0 3 * * 7", "weekday '7' is not from 0 to 6 or SUN and the like"),
        ("0 3 * monday *", "month 'monday' is not from 1 to 12 or JAN and the like"),
        ("0 5-3 * * *", "hour '5-3' ends before it begins"),
        ("0 1-2-3 * * *", "hour '1-2-3' is no value"),
        ("0 *-3 * * *", r"hour '\*-3' is no value"),
        ("*/0 * * * *", r"minute '\*/0' has a step of 0"),
        ("1,, * * * *", "minute '' is no value"),
        ("-1 * * * *", "minute '-1' is no value"),
        ("0 3 31 2 *", "never comes: month 2 has no day 31"),
        ("0 3 31 4,6,sep,NOV ?", "never comes: month 4,6,sep,NOV has no day 31"),
        ("0 3 * *", "has not five fields: write minute hour day month weekday, or one of @yearly"),
        ("0 0 3 * * *", "has not five fields"),
        ("TZ=UTC 0 3 * * *", "has not five fields"),
        ("@every 1h", "has not five fields"),
        ("@nightly", "has not five fields"),
    ],
)
def test_what_never_starts_anything_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Times.read(text)

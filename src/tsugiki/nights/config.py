"""Which night it is, and when it counts as a regression."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from tsugiki.config import Config
from tsugiki.plan import NOW
from tsugiki.prices import Prices

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment(night: str) -> datetime:
    """When a night was: a date stands for its first moment, in UTC.

    Raises:
        ValueError: neither a date nor a timestamp with its zone.
    """
    try:
        at = datetime.fromisoformat(night)
    except ValueError:
        at = None
    if at is None or (at.tzinfo is None and not _DATE.fullmatch(night)):
        raise ValueError(
            f"{night!r} is no night: write a date (2026-11-24) or a timestamp with its zone (2026-11-24T02:00:00Z)"
        )
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _as_text(value: Any) -> Any:
    """TOML and YAML know dates; a night is text."""
    return value.isoformat() if isinstance(value, date) else value


def _in_one_form(night: str) -> str:
    if night == NOW:
        return night
    at = moment(night)
    return night if _DATE.fullmatch(night) else at.isoformat().replace("+00:00", "Z")


Night = Annotated[str, BeforeValidator(_as_text), AfterValidator(_in_one_form)]
"""A night by its date (2026-11-24) or by a timestamp (2026-11-24T02:00:00+09:00); `NOW` until a schedule sets it."""


class MarginConfig(Config):
    """When a night counts as a regression."""

    # money follows from the time that a night took, which is in no identity either
    neutral: ClassVar[tuple[str, ...]] = ("prices",)

    margin: float = Field(ge=0, lt=1)
    """Largest fall in accuracy that is put up with, as a share (0.02 for two percentage points)."""
    confidence: float = Field(gt=0.5, lt=1)
    """Coverage of all intervals of a night together, as a share: each is widened by their number (Bonferroni), so that
    more checkpoints and splits do not mean more false alarms."""
    prices: Prices | None = None
    """What machines cost; left out, no money is shown. Usually from the cluster's profile."""


class NightConfig(MarginConfig):
    """Which night of which series is compared with the last good one before it."""

    series: str = Field(min_length=1)
    """Name of the nights that are compared with each other."""
    night: Night
    """Date of the night, or timestamp with its zone. Only earlier nights count."""

"""What is wrong with a manifest, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tsugiki.errors import BadInput

SHOWN = 5
VALUE_CHARS = 80


@dataclass(frozen=True)
class Fault:
    """One fault of a manifest."""

    path: str
    """Where, as `spec.templates[2].name`."""
    text: str
    """What is wrong, with the value."""

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


def shown(value: object) -> str:
    """A value as a message names it: what is long is cut."""
    text = repr(value)
    return text if len(text) <= VALUE_CHARS else f"{text[: VALUE_CHARS - 1]}…"


def refuse(what: str, faults: Sequence[Fault]) -> None:
    """Refuse what has faults.

    Raises:
        BadInput: naming the first few.
    """
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise BadInput(f"{what} would be refused by the cluster: {'; '.join(map(str, faults[:SHOWN]))}{more}")

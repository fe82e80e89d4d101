"""Counts by name in bounded memory, however many names there are."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_NAMES = 100_000
"""Names counted at a time; more than the templates of any Wikipedia."""


@dataclass
class Tally:
    """Counts of names. Beyond the limit the rarer half is merged into one number, and counts are lower bounds."""

    limit: int = MOST_NAMES
    counts: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    """Sum of the counts whose names were forgotten."""

    @property
    def exact(self) -> bool:
        """Whether no name was forgotten."""
        return self.merged == 0

    def add(self, name: str, times: int) -> None:
        """Count a name."""
        self.counts[name] += times
        if len(self.counts) > self.limit:
            self._forget(self.limit // 2)

    def _forget(self, kept: int) -> None:
        ordered = ranked(self.counts)
        self.merged += sum(count for _, count in ordered[kept:])
        self.counts = Counter(dict(ordered[:kept]))


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names with their counts, the most frequent first, equal ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

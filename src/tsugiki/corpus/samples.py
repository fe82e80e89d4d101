"""Pages kept for the eye, before and after cleaning: some drawn at random, and those that lost the most."""

import hashlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace

Texts = Callable[[], tuple[str, str]]
"""The texts of a page and of its document."""
KEPT_CHARS = 20_000
"""Most characters kept of a sample, before and after."""
_FEWEST_CHARS = 400
"""Pages shorter than this before cleaning may lose all but nothing of interest."""


@dataclass(frozen=True, order=True)
class Sample:
    """One page and the document it became; ordered by how much it is wanted."""

    wanted: float
    title: str
    chars_in: int
    chars_out: int
    before: str = ""
    """The page's text, or its beginning."""
    after: str = ""
    """The document's text, or its beginning."""


@dataclass
class Samples:
    """The samples wanted most so far. The choice depends on titles and texts only, not on processes."""

    size: int = 6
    """Pages of each kind."""
    drawn: list[Sample] = field(default_factory=list)
    lost_most: list[Sample] = field(default_factory=list)

    def offer(self, title: str, chars_in: int, chars_out: int, texts: Texts) -> None:
        """Consider one page; its texts are asked for only if it is wanted."""
        self._offer(self.drawn, Sample(_lot(title), title, chars_in, chars_out), texts)
        if chars_in >= _FEWEST_CHARS:
            self._offer(self.lost_most, Sample(1 - chars_out / chars_in, title, chars_in, chars_out), texts)

    def _offer(self, heap: list[Sample], sample: Sample, texts: Texts) -> None:
        if len(heap) >= self.size and (sample.wanted, sample.title) <= (heap[0].wanted, heap[0].title):
            return
        before, after = texts()
        heapq.heappush(heap, replace(sample, before=before[:KEPT_CHARS], after=after[:KEPT_CHARS]))
        if len(heap) > self.size:
            heapq.heappop(heap)

    def ordered(self) -> tuple[list[Sample], list[Sample]]:
        """The pages drawn, and those that lost the most, each page once."""
        lost = sorted(self.lost_most, reverse=True)
        return [one for one in sorted(self.drawn) if one.title not in {it.title for it in lost}], lost


def _lot(title: str) -> float:
    """A number that is as good as random, and the same in every run."""
    return int.from_bytes(hashlib.blake2b(title.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")

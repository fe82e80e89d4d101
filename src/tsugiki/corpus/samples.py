"""Pages kept for the eye, before and after cleaning: some drawn at random, and those that lost the most."""

import hashlib
import heapq
from dataclasses import dataclass, field

from tsugiki.rows import Document, Page

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
    before: str
    """The page's text, or its beginning."""
    after: str
    """The document's text, or its beginning."""


@dataclass
class Samples:
    """The samples wanted most so far. The choice depends on titles and texts only, not on processes."""

    size: int = 6
    """Pages of each kind."""
    drawn: list[Sample] = field(default_factory=list)
    lost_most: list[Sample] = field(default_factory=list)

    def offer(self, page: Page, document: Document) -> None:
        """Consider one page."""
        chars_in, chars_out = len(page.text), len(document.text)
        self._offer(self.drawn, _lot(page.title), page, document)
        if chars_in >= _FEWEST_CHARS:
            self._offer(self.lost_most, 1 - chars_out / chars_in, page, document)

    def _offer(self, heap: list[Sample], wanted: float, page: Page, document: Document) -> None:
        if len(heap) >= self.size and (wanted, page.title) <= (heap[0].wanted, heap[0].title):
            return
        texts = (page.text[:KEPT_CHARS], document.text[:KEPT_CHARS])
        heapq.heappush(heap, Sample(wanted, page.title, len(page.text), len(document.text), *texts))
        if len(heap) > self.size:
            heapq.heappop(heap)

    def ordered(self) -> tuple[list[Sample], list[Sample]]:
        """The pages drawn, and those that lost the most, each page once."""
        lost = sorted(self.lost_most, reverse=True)
        return [one for one in sorted(self.drawn) if one.title not in {it.title for it in lost}], lost


def _lot(title: str) -> float:
    """A number that is as good as random, and the same in every run."""
    return int.from_bytes(hashlib.blake2b(title.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")

"""Documents that repeat an earlier one, word for word or nearly: found in order, with a signature kept of each."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tsugiki.corpus.config import DuplicatesConfig
from tsugiki.corpus.keytable import KeyTable
from tsugiki.corpus.signature import PLACES, Signature
from tsugiki.rows import Rejected

MOST_PAIRS = 100
_CHUNK = 4096
_ROW = np.dtype([("whole", "u8"), ("places", "u1", (PLACES,))])
_CHANCE = 1 / 256
"""How often two places agree by chance, of which 8 bits are kept."""


@dataclass(frozen=True)
class Pair:
    """A document and the earlier one that it repeats."""

    title: str
    of: str
    similarity: float
    """Estimated share of character n-grams they have in common, of all that either has; 1 where the texts are equal."""
    exact: bool


@dataclass
class Duplicates:
    """How many were found, and the first of them."""

    exact: int = 0
    near: int = 0
    pairs: list[Pair] = field(default_factory=list)

    def add(self, pair: Pair) -> None:
        """Count a pair."""
        if pair.exact:
            self.exact += 1
        else:
            self.near += 1
        if len(self.pairs) < MOST_PAIRS:
            self.pairs.append(pair)


class Index:
    """The documents so far, none of which repeats another. It keeps about 800 bytes of each, whatever its length."""

    def __init__(self, config: DuplicatesConfig) -> None:
        self._similarity = config.similarity
        self._titles: list[str] = []
        self._table = KeyTable()
        self._chunks: list[NDArray[np.void]] = []

    def repeated(self, title: str, signature: Signature) -> Pair | None:
        """The first document that this one repeats; None for a new one, which is then kept."""
        keys = [*memoryview(signature.bands + signature.whole).cast("Q")]
        candidates = self._table.find(keys)
        for number in candidates:
            if self._kept(number)["whole"] == keys[-1]:
                return Pair(title, self._titles[number], 1.0, exact=True)
        if signature.places:
            places = np.frombuffer(signature.places, np.uint8)
            for number in candidates:
                similarity = self._similarity_to(number, places)
                if similarity >= self._similarity:
                    return Pair(title, self._titles[number], round(similarity, 3), exact=False)
        self._table.add(keys, len(self._titles))
        self._keep(title, keys[-1], signature.places)
        return None

    def _kept(self, number: int) -> np.void:
        row: np.void = self._chunks[number // _CHUNK][number % _CHUNK]
        return row

    def _similarity_to(self, number: int, places: NDArray[np.uint8]) -> float:
        """The estimated similarity to a kept document, which shares a band and so has places."""
        agreeing = int(np.count_nonzero(self._kept(number)["places"] == places)) / PLACES
        return max(0.0, (agreeing - _CHANCE) / (1 - _CHANCE))

    def _keep(self, title: str, whole: int, places: bytes) -> None:
        if len(self._titles) % _CHUNK == 0:
            self._chunks.append(np.zeros(_CHUNK, _ROW))
        row = self._kept(len(self._titles))
        row["whole"] = whole
        if places:
            row["places"] = np.frombuffer(places, np.uint8)
        self._titles.append(title)


def rejected(pair: Pair, content: str) -> Rejected:
    """The row of a document that is set aside since it repeats another."""
    if pair.exact:
        return Rejected(source=pair.title, reason="duplicate", detail=f"the same text as {pair.of}", content=content)
    detail = f"{pair.similarity:.0%} of its n-grams in common with {pair.of}"
    return Rejected(source=pair.title, reason="near_duplicate", detail=detail, content=content)

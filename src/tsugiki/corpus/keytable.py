"""A hash table from 64-bit keys to document numbers in flat arrays: a quarter of the memory of a dict."""

from array import array
from collections.abc import Iterable

_FULLEST = 0.6
_SMALLEST = 1 << 12


class KeyTable:
    """The first document that each key was given with. Keys are mixed well and never 0; documents are numbers."""

    def __init__(self) -> None:
        self._used = 0
        self._keys, self._documents = _empty(_SMALLEST)

    def find(self, keys: Iterable[int]) -> list[int]:
        """The documents that any of the keys leads to, each once, in order."""
        slots = (self._slot(key) for key in keys)
        return sorted({self._documents[slot] for slot in slots if self._keys[slot]})

    def add(self, keys: Iterable[int], document: int) -> None:
        """Let those keys lead to a document that lead to none yet."""
        for key in keys:
            slot = self._slot(key)
            if not self._keys[slot]:
                self._keys[slot], self._documents[slot] = key, document
                self._used += 1
        if self._used > _FULLEST * len(self._keys):
            self._grow()

    def _slot(self, key: int) -> int:
        """The slot of a key, or the empty one in which the search for it ends."""
        keys = self._keys
        last = len(keys) - 1
        slot = key & last
        while (found := keys[slot]) and found != key:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        before = zip(self._keys, self._documents, strict=True)
        self._keys, self._documents = _empty(2 * len(self._keys))
        for key, document in before:
            if key:
                slot = self._slot(key)
                self._keys[slot], self._documents[slot] = key, document


def _empty(slots: int) -> "tuple[array[int], array[int]]":
    return array("Q", bytes(8 * slots)), array("I", bytes(4 * slots))

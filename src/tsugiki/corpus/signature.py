"""Signatures of documents: a checksum of the whole text, and a MinHash of its character n-grams, made in one pass."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsugiki.corpus.config import DuplicatesConfig

PLACES = 256
"""Places of a MinHash: its estimate of a similarity s has a standard deviation of sqrt(s (1 - s) / 256)."""
BANDS = 16
_RECALL = 0.99
_MOST_ROWS = PLACES // BANDS
_GROUP_CHARS = 1 << 16
"""Characters hashed together; more would not fit into the caches of a core."""
_END = np.uint32(0xFFFFFFFF)
"""Stands after each document; no character has this code."""
_SPACE, _WIDE_SPACE = np.uint32(0x20), np.uint32(0x3000)
_EMPTY = np.uint32(0xFFFFFFFF)
_FACTOR = np.uint32(0x01000193)
_DENSE = 16
"""N-grams for each place that are looked at first; they nearly always hold the smallest of every place."""
_PROBES = np.random.Generator(np.random.PCG64(0)).integers(0, PLACES, (64, PLACES))
"""Where each empty place looks for a value, in order."""

# One hash of every n-gram fills all places of the MinHash (one-permutation hashing), so that it costs about as much as
# reading the text; places that no n-gram fell into are filled from others chosen by hash (optimal densification), which
# keeps the chance that two documents agree in a place equal to the Jaccard similarity of their sets of n-grams.

Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Signature:
    """What is kept of a document to find its duplicates."""

    whole: bytes
    """Checksum of the text without white space, 8 bytes."""
    places: bytes = b""
    """The low 8 bits of each place of the MinHash; empty for a document too short to be compared."""
    bands: bytes = b""
    """One 64-bit key for each band of places: documents that share one are compared."""


def rows_of(similarity: float) -> int:
    """Places in a band, so that documents of at least this similarity share a band with 99 % probability."""
    needed = 1 - (1 - _RECALL) ** (1 / BANDS)
    return next(rows for rows in range(_MOST_ROWS, 0, -1) if rows == 1 or similarity**rows >= needed)


def sign(texts: Sequence[str], config: DuplicatesConfig) -> list[Signature]:
    """The signatures of documents. They are hashed in groups, since numpy takes its time to begin."""
    wholes: list[bytes] = []
    compared: list[bool] = []
    places = [np.empty((0, PLACES), np.uint32)]
    for group in _groups(texts):
        codes = _codes(group)
        ends: list[int] = np.flatnonzero(codes == _END).tolist()
        starts = [0, *(end + 1 for end in ends[:-1])]
        wholes += (
            hashlib.sha256(codes[start:end].tobytes()).digest()[:8] for start, end in zip(starts, ends, strict=True)
        )
        fewest = max(config.min_chars, config.ngram_chars)
        long = [config.similarity < 1 and end - start >= fewest for start, end in zip(starts, ends, strict=True)]
        compared += long
        size = (len(group), PLACES)
        places.append(_minhash(codes, len(group), config.ngram_chars) if any(long) else np.zeros(size, np.uint32))
    every = np.concatenate(places)
    rows = rows_of(config.similarity)
    low, bands = every.astype(np.uint8), _band_keys(every[:, : BANDS * rows].reshape(len(every), BANDS, rows))
    return [
        Signature(whole, low[number].tobytes(), bands[number].tobytes()) if compared[number] else Signature(whole)
        for number, whole in enumerate(wholes)
    ]


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Documents that are short together, or a long one."""
    group: list[str] = []
    chars = 0
    for text in texts:
        if group and chars + len(text) > _GROUP_CHARS:
            yield group
            group, chars = [], 0
        group.append(text)
        chars += len(text)
    if group:
        yield group


def _codes(texts: Sequence[str]) -> NDArray[np.uint32]:
    """The characters of documents without white space, a mark after each document."""
    mark = _END.tobytes()
    codes: NDArray[np.uint32] = np.frombuffer(
        b"".join(text.encode("utf-32-le", "surrogatepass") + mark for text in texts), np.uint32
    )
    kept: NDArray[np.uint32] = codes[(codes > _SPACE) & (codes != _WIDE_SPACE)]
    return kept


def _minhash(codes: NDArray[np.uint32], documents: int, size: int) -> NDArray[np.uint32]:
    """Of each document the smallest hash in each place, shape (documents, PLACES).

    A hash's low bits choose its place, its high bits are its value. An n-gram that reaches over the end of a document
    is none.
    """
    hashes = _mix(_ngrams(codes, size))
    if documents == 1:
        return _filled(_smallest_of_one(hashes[:-1]))
    owners = np.cumsum(codes == _END, dtype=np.uint32)
    inside = owners[: len(hashes)] == owners[size - 1 :]
    inside &= codes[: len(hashes)] != _END
    return _filled(_smallest(hashes[inside], owners[: len(hashes)][inside], documents))


def _smallest_of_one(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Few of the hashes of a long document are looked at first: where every place has one, the others are larger."""
    limit = PLACES * _DENSE / len(hashes)
    if limit < 1:
        places = _smallest(hashes[hashes < np.uint32(limit * 0xFFFFFFFF)])
        if not (places == _EMPTY).any():
            return places
    return _smallest(hashes)


def _ngrams(codes: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    """A polynomial hash of every run of `size` characters."""
    count = len(codes) - size + 1
    hashes = codes[:count].copy()
    for offset in range(1, size):
        hashes *= _FACTOR
        hashes += codes[offset : offset + count]
    return hashes


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Spread every bit over all bits, in place."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        hashes ^= hashes >> np.uint32(shift)
        hashes *= np.uint32(factor)
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _smallest(
    hashes: NDArray[np.uint32], owners: NDArray[np.uint32] | None = None, documents: int = 1
) -> NDArray[np.uint32]:
    places = np.full((documents, PLACES), _EMPTY, np.uint32)
    at = hashes % np.uint32(PLACES)
    if owners is not None:
        at += owners * np.uint32(PLACES)
    np.minimum.at(places.reshape(-1), at, hashes // np.uint32(PLACES))
    return places


def _filled(places: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The places, with those that no n-gram fell into filled from others of the same document."""
    empty = places == _EMPTY
    empty &= ~empty.all(axis=1, keepdims=True)
    if not empty.any():
        return places
    filled = places.copy()
    for probe in _PROBES:
        documents, at = np.nonzero(empty)
        filled[documents, at] = places[documents, probe[at]]
        empty &= filled == _EMPTY
        if not empty.any():
            break
    return filled


def _band_keys(bands: NDArray[np.uint32]) -> Keys:
    """One key for each band of each document; a band's number is part of its key, and no key is 0.

    Args:
        bands: shape (documents, BANDS, places of a band).
    """
    keys = np.broadcast_to(np.arange(1, bands.shape[1] + 1, dtype=np.uint64), bands.shape[:2]).copy()
    for row in range(bands.shape[2]):
        keys = (keys ^ bands[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    keys[keys == 0] = 1
    return keys

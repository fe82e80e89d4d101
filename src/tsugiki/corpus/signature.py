"""Signatures of documents: a checksum of the whole text, and a MinHash of its character n-grams, made in one pass.

One hash of every n-gram fills all places of the MinHash (one-permutation hashing), so that it costs about as much as
reading the text; places that no n-gram fell into are filled from others chosen by hash (optimal densification), which
keeps the chance that two documents agree in a place equal to the Jaccard similarity of their sets of n-grams.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsugiki.corpus.config import DuplicatesConfig

PLACES = 256
"""Places of a MinHash: its estimate of a similarity s has a standard deviation of sqrt(s (1 - s) / 256)."""
BANDS = 16
_RECALL = 0.99
_MOST_ROWS = PLACES // BANDS
_SPACE, _WIDE_SPACE = np.uint32(0x20), np.uint32(0x3000)
_EMPTY = np.uint32(0xFFFFFFFF)
_FACTOR = np.uint32(0x01000193)
_DENSE = 16
"""N-grams for each place that are looked at first; they nearly always hold the smallest of every place."""
_PROBES = np.random.Generator(np.random.PCG64(0)).integers(0, PLACES, (64, PLACES))
"""Where each empty place looks for a value, in order."""

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


def sign(text: str, config: DuplicatesConfig) -> Signature:
    """The signature of a document."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = codes[(codes > _SPACE) & (codes != _WIDE_SPACE)]
    whole = hashlib.sha256(codes.tobytes()).digest()[:8]
    if config.similarity == 1 or len(codes) < max(config.min_chars, config.ngram_chars):
        return Signature(whole)
    places = _minhash(_ngrams(codes, config.ngram_chars))
    rows = rows_of(config.similarity)
    bands = _band_keys(places[: BANDS * rows].reshape(BANDS, rows))
    return Signature(whole, places.astype(np.uint8).tobytes(), bands.tobytes())


def _minhash(ngrams: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The smallest hash in each place; a hash's low bits choose its place, its high bits are its value."""
    hashes = _mix(ngrams)
    limit = min(PLACES * _DENSE / len(hashes), 1.0)
    places = _smallest(hashes[hashes < np.uint32(limit * 0xFFFFFFFF)]) if limit < 1 else _smallest(hashes)
    if limit < 1 and (places == _EMPTY).any():
        places = _smallest(hashes)
    return _filled(places)


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


def _smallest(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    places = np.full(PLACES, _EMPTY, np.uint32)
    np.minimum.at(places, hashes % np.uint32(PLACES), hashes // np.uint32(PLACES))
    return places


def _filled(places: NDArray[np.uint32]) -> NDArray[np.uint32]:
    filled = places.copy()
    for probe in _PROBES:
        empty = filled == _EMPTY
        if not empty.any():
            break
        filled[empty] = places[probe[empty]]
    return filled


def _band_keys(bands: NDArray[np.uint32]) -> Keys:
    """One key for each row of values; a band's number is part of its key, and no key is 0."""
    keys = np.arange(1, len(bands) + 1, dtype=np.uint64)
    for column in bands.T:
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return np.maximum(keys, np.uint64(1))

"""Token sequences in flat storage, their order over the steps of a run, and rows packed without crossing documents."""

import hashlib
import random
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from tsugiki.train.config import Training
from tsugiki.train.template import Example

Piece = tuple[int, int]
"""A stretch of a corpus, trained as one sequence: first token, and one past the last."""

IGNORED = -100
"""Label of a position that is not trained."""


class Batch(NamedTuple):
    """Packed rows. Every tensor has shape [rows, tokens]."""

    ids: torch.Tensor
    labels: torch.Tensor
    """The next token of the same piece where it is trained, else `IGNORED`."""
    positions: torch.Tensor
    """Position of the token in its piece; padding counts on, which transformers reads as the same document."""
    pieces: torch.Tensor
    """Index of the token's piece in its row; padding has one of its own."""

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


@dataclass
class Corpus:
    """Every token to be trained, and the pieces of each document."""

    ids: "array[int]" = field(default_factory=lambda: array("i"))
    targets: bytearray = field(default_factory=bytearray)
    documents: list[tuple[Piece, ...]] = field(default_factory=list)

    def add(self, examples: Iterable[Example], max_length: int) -> None:
        """Add one document, each of its sequences cut into parts of nearly equal length, none over max_length.

        Neighbouring parts share one token, so that every transition is trained exactly once.
        """
        pieces: list[Piece] = []
        for ids, targets in examples:
            start = len(self.ids)
            self.ids.extend(ids)
            self.targets.extend(targets)
            transitions = len(ids) - 1
            parts = max(1, -(-transitions // (max_length - 1)))
            cuts = [start + transitions * part // parts for part in range(parts + 1)]
            pieces += [(first, last + 1) for first, last in pairwise(cuts)]
        self.documents.append(tuple(pieces))

    def digest(self) -> str:
        """SHA-256 of everything that training sees of the documents."""
        digest = hashlib.sha256(self.ids.tobytes())
        digest.update(self.targets)
        digest.update(repr(self.documents).encode())
        return digest.hexdigest()


def pack(pieces: Sequence[Piece], capacity: int) -> list[list[Piece]]:
    """Put pieces into as few rows as best-fit decreasing finds, in time linear in their number.

    Args:
        pieces: none longer than capacity.
        capacity: tokens of a row.

    Returns:
        Rows of pieces, longest first; equal lengths keep their order.
    """
    rows: list[list[Piece]] = []
    by_space: list[list[int]] = [[] for _ in range(capacity + 1)]
    spaces = 0  # bit s is set while a row with s free tokens exists
    for piece in sorted(pieces, key=lambda piece: piece[0] - piece[1]):
        length = piece[1] - piece[0]
        wide = spaces >> length
        if wide:
            space = length + (wide & -wide).bit_length() - 1
            row = by_space[space].pop()
            if not by_space[space]:
                spaces &= ~(1 << space)
        else:
            space, row = capacity, len(rows)
            rows.append([])
        rows[row].append(piece)
        by_space[space - length].append(row)
        spaces |= 1 << (space - length)
    return rows


class Plan:
    """Which rows each optimizer step trains: a function of corpus, configuration and step alone."""

    def __init__(self, corpus: Corpus, config: Training) -> None:
        self.corpus = corpus
        self.config = config
        self.per_step = config.batch_size * config.gradient_accumulation
        self._epoch = -1
        self._units: list[list[Piece]] = []
        self._load(0)
        self.steps_per_epoch = -(-len(self._units) // self.per_step)
        self.steps = config.max_steps or self.steps_per_epoch * (config.epochs or 1)

    def rows(self, step: int) -> list[list[Piece]]:
        """The rows of a 0-based optimizer step."""
        epoch, place = divmod(step, self.steps_per_epoch)
        self._load(epoch)
        units = self._units[place * self.per_step : (place + 1) * self.per_step]
        if self.config.packing == "rows":
            return units
        pieces = [piece for unit in units for piece in unit]
        if self.config.packing == "none":
            return [[piece] for piece in pieces]
        return pack(pieces, max(last - first for first, last in pieces))

    def _load(self, epoch: int) -> None:
        """Shuffle the units of an epoch: documents, or packed rows."""
        if epoch == self._epoch:
            return
        self._epoch = epoch
        chance = random.Random(f"{self.config.seed}/{epoch}")
        units = [list(pieces) for pieces in self.corpus.documents]
        chance.shuffle(units)
        if self.config.packing == "rows":
            units = pack([piece for unit in units for piece in unit], self.config.max_length)
            chance.shuffle(units)
        self._units = units


def split_rows(rows: Sequence[list[Piece]], forward_tokens: int) -> list[list[list[Piece]]]:
    """Group rows, longest first, so that no group exceeds forward_tokens once padded to its longest row."""
    groups: list[list[list[Piece]]] = []
    width = 0
    for row in sorted(rows, key=row_tokens, reverse=True):
        if not groups or (len(groups[-1]) + 1) * width > forward_tokens:
            groups.append([])
            width = row_tokens(row)
        groups[-1].append(row)
    return groups


def deal(sizes: Sequence[int], hands: int) -> list[list[int]]:
    """Deal batches so that hands hold about the same: the longest first, each to the hand that holds least.

    Args:
        sizes: of each batch, in tokens.
        hands: number of processes.

    Returns:
        Indices of each hand's batches, ascending.
    """
    held, dealt = [0] * hands, [list[int]() for _ in range(hands)]
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        hand = held.index(min(held))
        held[hand] += sizes[index]
        dealt[hand].append(index)
    return [sorted(hand) for hand in dealt]


def collate(corpus: Corpus, rows: Sequence[list[Piece]], multiple: int = 1) -> Batch:
    """Tensors of packed rows, padded to a common length that is a multiple of `multiple` tokens."""
    width = -(-max(row_tokens(row) for row in rows) // multiple) * multiple
    shape = (len(rows), width)
    ids, positions = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    labels, pieces = np.full(shape, IGNORED, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
    all_ids = np.frombuffer(corpus.ids, dtype=np.int32)
    all_targets = np.frombuffer(corpus.targets, dtype=np.bool_)
    for index, row in enumerate(rows):
        at = 0
        for number, (first, last) in enumerate(row):
            end = at + last - first
            ids[index, at:end] = all_ids[first:last]
            positions[index, at:] = np.arange(width - at)
            pieces[index, at:end] = number
            following = slice(first + 1, last)
            labels[index, at : end - 1] = np.where(all_targets[following], all_ids[following], IGNORED)
            at = end
    return Batch(*(torch.from_numpy(array) for array in (ids, labels, positions, pieces)))


def row_tokens(row: Sequence[Piece]) -> int:
    """Tokens of a row."""
    return sum(last - first for first, last in row)


def count_targets(corpus: Corpus, rows: Sequence[Sequence[Piece]]) -> int:
    """Trained tokens of rows: those that `collate` gives a label other than `IGNORED`."""
    targets = np.frombuffer(corpus.targets, dtype=np.bool_)
    return sum(int(np.count_nonzero(targets[first + 1 : last])) for row in rows for first, last in row)
